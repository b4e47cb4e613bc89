"""A small company and its mirror, for the tests of the build."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from accounts.models import Organization
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics.build.recompute import recompute
from tests.metrics.seeding import Mirror, mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.fixture
def company() -> Company:
    return generate(seed=11, size=10, now=NOW)


@pytest.fixture
def mirror(organization: Organization, company: Company) -> Iterator[Mirror]:
    """Give a mirror whose numbers have been computed once."""
    one = mirrored(organization, company)
    with set_now(NOW):
        recompute(organization.id)
        yield one
