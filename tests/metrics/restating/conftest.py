"""A company of few customers whom every setting touches, mirrored and computed once."""

from collections.abc import Iterator

import pytest

from accounts.models import Organization
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics.build.recompute import recompute
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, mirrored

TOLD = (
    "becomes_unpaid",
    "card_recovers",
    "coupon_removed",
    "metered",
    "never_pays",
    "paused_void",
    "pays_hours_later",
    "percent_forever",
    "percent_once",
    "percent_repeating",
    "refunded_and_gone",
    "undone_cancellation",
    "yen",
)


@pytest.fixture(scope="session")
def company() -> Company:
    return generate(seed=4, size=20, now=NOW, mix={"ordinary": 3, **dict.fromkeys(TOLD, 1)})


@pytest.fixture
def business(organization: Organization, company: Company) -> Iterator[Mirror]:
    """Give a company that was computed once."""
    mirror = mirrored(organization, company)
    with set_now(NOW):
        recompute(organization.id)
        yield mirror
