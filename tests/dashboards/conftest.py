"""A company that several tests of one module look at and none changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization, Role
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.recompute import recompute
from tests import database
from tests.cast import Person, make_organization, member
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored


@dataclass(frozen=True, slots=True)
class Business:
    """An organization over a company of every story, with more customers than a page holds."""

    id: UUID
    owner: Person
    teammate: Person


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Business]:
    """Give the company once to all tests of this module: none but the last changes anything."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
        mirrored(organization, generate(3, 66, NOW, mix=dict.fromkeys(STORIES, 1)))
        recompute(organization.id)
        yield Business(
            organization.id,
            member("owner@acme.example", organization, Role.OWNER),
            member("teammate@acme.example", organization, Role.VIEWER),
        )
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
