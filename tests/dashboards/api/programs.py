"""Programs that read organizations, each by a token of its own."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from accounts.models import Organization, User
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from dashboards.api import tokens
from dashboards.api.tokens import CUSTOMERS, METRICS
from dashboards.models import ApiToken
from metrics.build.recompute import recompute
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
ROOT = "/api/v1/"


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


def with_numbers(organization: Organization, size: int) -> None:
    """Give an organization the numbers of an invented company, at their present."""
    mirrored(organization, generate(seed=11, size=size, now=NOW))
    recompute(organization.id)
