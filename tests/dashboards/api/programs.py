"""Programs that read organizations, each by a token of its own."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from dashboards.api import tokens
from dashboards.api.tokens import CUSTOMERS, METRICS
from dashboards.models import ApiToken
from metrics.alerts.models import Alert
from metrics.build.recompute import recompute
from metrics.exchange import storing
from metrics.exchange.quotes import Quote
from metrics.restating import closings
from metrics.restating.entries import enter
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
ROOT = "/api/v1/"
CHANGES = [{"month": "2026-09-01", "currency": "usd", "figure": "churn_micro", "before": 0, "after": 5}]


@dataclass(frozen=True, slots=True)
class Program:
    """Something that holds a token."""

    organization: Organization
    text: str
    token: ApiToken
    client: Client = field(default_factory=Client)

    def get(self, path: str, parameters: Mapping[str, Any] | None = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.text}", **headers}
        return self.client.get(path if path.startswith("/") else ROOT + path, parameters, headers=sent)

    def post(self, path: str, body: Any) -> Any:
        sent = {"Authorization": f"Bearer {self.text}"}
        return self.client.post(ROOT + path, body, content_type="application/json", headers=sent)

    def data(self, path: str, **parameters: Any) -> Any:
        """Return what an address answers, which must be 200."""
        response = self.get(path, parameters)
        assert response.status_code == 200, response.content
        return response.json()["data"]

    def every(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Yield the rows of all pages."""
        page = self.get(path, parameters).json()
        yield from page["data"]
        while page["next"]:
            page = self.get(page["next"].removeprefix("http://localhost:8000")).json()
            yield from page["data"]


def program(
    organization: Organization, by: User, scopes: Collection[str] = (METRICS, CUSTOMERS), **more: Any
) -> Program:
    """Make a token and the program that holds it."""
    with tenant(organization.id):
        token, text = tokens.make(organization, "a program", scopes, by=by, **more)
    return Program(organization, text, token)


@dataclass(frozen=True, slots=True)
class Two:
    """Two organizations with numbers: the owner of one, its program and the other's."""

    owner: User
    reader: Program
    other: Program


def with_numbers(organization: Organization, owner: User, size: int) -> None:
    """Give an organization the numbers of an invented company, and something of all that is told of them."""
    mirrored(organization, generate(seed=11, size=size, now=NOW))
    recompute(organization.id)
    quote = Quote("usd", "eur", NOW.date(), Decimal("0.91"), "csv")
    with tenant(organization.id):
        storing.store(organization.id, [quote])
        closings.close(organization.id, date(2026, 10, 1), by=owner)
        enter(organization.id, "late_event", CHANGES, version=1, objects=["in_late"], detail={"days": 2})
        Alert.objects.create(
            organization=organization,
            rule="revenue_churn",
            currency="usd",
            fired_on=date(2026, 11, 2),
            value="1/20",
            threshold="3/100",
            evidence={"customers": ["cus_gone"]},
            rules_version=1,
            created_at=NOW,
        )
