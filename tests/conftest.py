"""Fixtures that every test may ask for. Tests that write ask for `db` or for anything built on it."""

import os
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis

from accounts.models import Organization, Role
from tests import database
from tests.cast import Person, make_organization, member, person


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker a migrated database of its own, in place of the plugin's."""
    with django_db_blocker.unblock():
        database.create_worker_database()
        yield
        database.drop_worker_database()


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open an empty database as the app role; what the test commits is deleted after it."""
    with django_db_blocker.unblock():
        yield
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
        with Redis.from_url(os.environ["REDIS_URL"]) as redis:
            redis.flushdb()


@pytest.fixture
def _django_db_helper(db: None) -> None:
    """Make the `django_db` mark mean the same as asking for `db`."""


@pytest.fixture
def redis_url() -> str:
    return os.environ["REDIS_URL"]


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization("acme")


@pytest.fixture
def other_organization(db: None) -> Organization:
    return make_organization("umbrella")


@pytest.fixture
def owner(organization: Organization) -> Person:
    return member("owner@acme.example", organization, Role.OWNER)


@pytest.fixture
def teammate(organization: Organization) -> Person:
    """Give someone who may look at the organization and change nothing."""
    return member("teammate@acme.example", organization, Role.VIEWER)


@pytest.fixture
def other_owner(other_organization: Organization) -> Person:
    return member("owner@umbrella.example", other_organization, Role.OWNER)


@pytest.fixture
def stranger(db: None) -> Person:
    """Give someone signed in who belongs nowhere."""
    return person("stranger@nowhere.example")
