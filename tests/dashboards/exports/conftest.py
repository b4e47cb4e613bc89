"""An organization with the numbers of an invented company, for a module's tests, and who exports them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Payer
from metrics.models import Movement
from metrics.restating import closings
from tests.cast import Person
from tests.dashboards.at_risk import at_risk
from tests.metrics.conftest import NOW

HOSTILE = '=HYPERLINK("http://evil.example","x"),\r\n"1"'


@dataclass(frozen=True, slots=True)
class Exporter:
    """A member who makes and fetches files."""

    organization: Organization
    owner: Person
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "client", self.owner.client)

    def ask(self, table: str, form: str = "csv", **parameters: str) -> Any:
        """Ask for a file and return the answer."""
        asked = {"table": table, "format": form, **parameters}
        return self.client.post("/o/acme/data/exports", asked)

    def content(self, table: str, form: str = "csv", **parameters: str) -> bytes:
        """Return the bytes of a file that is made at once."""
        asked = self.ask(table, form, **parameters)
        assert asked.status_code == 302, asked.content
        fetched = self.client.get(asked["Location"])
        assert fetched.status_code == 200, asked["Location"]
        return fetched.getvalue()


def dressed(organization: Organization, owner: Person) -> Exporter:
    """Give an organization with numbers a closed month, and a payer whose name is a formula."""
    with tenant(organization.id):
        closings.close(organization.id, NOW.date().replace(month=10, day=1), by=owner.user)
        first = Movement.objects.order_by("date", "connection_id", "customer_id")[0]
        Payer.objects.update_or_create(
            organization=organization,
            connection_id=first.connection_id,
            customer_id=first.customer_id,
            defaults={"name": HOSTILE, "email": "ada@example.com", "fields": b"", "fetched_at": NOW},
        )
    return Exporter(organization, owner)


@pytest.fixture(scope="module")
def exporter(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Exporter]:
    """Give a member of an organization with numbers, at the time of the last of them."""
    with django_db_blocker.unblock(), at_risk() as one:
        yield dressed(Organization.objects.get(id=one.id), one.owner)
