"""An organization over a company of every story whose customers have names, homes and diagnoses."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db import connections

from accounts.models import Organization, Role
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import FULL
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.exposure.looking import look_to_the_end
from tests import database
from tests.cast import Person, make_organization, member
from tests.dashboards.crawler import rows
from tests.metrics.conftest import NOW
from tests.metrics.evidence.people import told
from tests.metrics.seeding import mirrored

LIST = "/o/acme/customers/"


@dataclass(frozen=True, slots=True)
class Business:
    """An organization over a company of every story, and people of each role."""

    id: UUID
    owner: Person
    writer: Person
    viewer: Person

    @property
    def customer(self) -> str:
        return rows(self.owner.client, f"{LIST}?currency=usd").customers[0]


def company() -> Iterator[Business]:
    """Give the company once, and leave nothing of it."""
    with set_now(NOW):
        organization = make_organization("acme")
        Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
        mirrored(organization, generate(9, 60, NOW, mix=FULL))
        told(organization.id)
        recompute(organization.id)
        look_to_the_end(organization.id)
        people = (
            member(f"{role}@acme.example", organization, role)
            for role in (Role.OWNER, Role.MEMBER, Role.VIEWER)
        )
        yield Business(organization.id, *people)
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
