"""A company of every story in a zone far from UTC, counted once for the tests of a module."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.cohorts.counting import count
from tests import database
from tests.cast import make_organization
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, mirrored

ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
def counted(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Mirror]:
    """Give the company once to all tests of a module: none but the last changes anything."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        Organization.objects.filter(id=organization.id).update(time_zone=ZONE)
        mirror = mirrored(organization, generate(5, 80, NOW, mix=dict.fromkeys(STORIES, 1)))
        recompute(organization.id)
        assert count(organization.id)
        yield mirror
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
