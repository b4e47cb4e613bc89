"""A small company, its server, and a Stripe client for it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stripe

from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import serve

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHARED = Path(__file__).parents[4] / "shared" / "stripe" / "check.py"

collect_ignore = [] if SHARED.exists() else ["test_shared_schemas.py"]


@pytest.fixture(scope="session")
def company() -> Company:
    return generate(7, 50, NOW)


@pytest.fixture(scope="session")
def base_url(company: Company) -> Iterator[str]:
    with serve(company) as address:
        yield address


@pytest.fixture
def client(base_url: str) -> stripe.StripeClient:
    return client_of(base_url)


def client_of(base_url: str, key: str = FULL_KEY) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": base_url})
