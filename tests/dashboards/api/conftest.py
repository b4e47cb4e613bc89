"""A program of an organization without numbers, and two organizations with some, for a module's tests."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization, Role
from config.clock import set_now
from tests import database
from tests.cast import Person, make_organization, member
from tests.dashboards.api.programs import NOW, Program, Two, program, with_numbers


@pytest.fixture
def reader(organization: Organization, owner: Person) -> Program:
    return program(organization, owner.user)


@pytest.fixture(scope="module")
def two(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Two]:
    """Give two organizations with the numbers of invented companies, and a program of each."""
    with django_db_blocker.unblock(), set_now(NOW):
        acme, umbrella = make_organization("acme"), make_organization("umbrella")
        owner = member("owner@acme.example", acme, Role.OWNER).user
        other = member("owner@umbrella.example", umbrella, Role.OWNER).user
        with_numbers(acme, owner, size=10)
        with_numbers(umbrella, other, size=3)
        yield Two(owner, program(acme, owner), program(umbrella, other))
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
