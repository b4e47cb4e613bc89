"""A company of every story and many plain customers, computed and counted once for these tests."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Payer
from billing_sync.payload import write_payload
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.cohorts.counting import count
from tests import database
from tests.cast import Person, make_organization, member
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, mirrored

ZONE = "Asia/Kolkata"
TRIALS = {"trial_converts": 8, "trial_canceled": 4, "trial_cut_short": 4}
MIX = {**dict.fromkeys(STORIES, 1), "ordinary": 40, **TRIALS}


@dataclass(frozen=True, slots=True)
class Business:
    """An organization, its owner, and the company behind it."""

    organization: Organization
    owner: Person
    company: Company


def at_home(mirror: Mirror) -> None:
    """Store where customers live; of every seventh nothing is known."""
    with tenant(mirror.organization_id):
        for place, life in enumerate(mirror.company.lives):
            address = {"country": ("DE", "FR", "US")[place % 3]} if place % 7 else {}
            Payer.objects.create(
                organization_id=mirror.organization_id,
                connection_id=mirror.connection_id,
                customer_id=life.customer.id,
                name=life.customer.name,
                fields=write_payload({"address": address}),
                fetched_at=NOW,
            )


@pytest.fixture(scope="package")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Business]:
    """Give the company once to all tests of this package: none changes anything."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        Organization.objects.filter(id=organization.id).update(time_zone=ZONE)
        company = generate(10, 110, NOW, mix=MIX)
        at_home(mirrored(organization, company))
        recompute(organization.id)
        assert count(organization.id)
        yield Business(organization, member("owner@acme.example", organization, Role.OWNER), company)
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
