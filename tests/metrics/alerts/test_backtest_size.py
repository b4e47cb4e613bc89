"""A back-test answers within a second, however large the business: it reads sums, a day at a time."""

import os
import time
from collections.abc import Callable

import psycopg
import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from benchmarks.alert_rows import large
from dashboards.backtests import backtest_of
from metrics import queries
from metrics.alerts.rules import RULES
from tests.soak import sized

CUSTOMERS = sized(3_000, 100_000)
MOST_SECONDS = 1.0


@pytest.mark.soak
def test_every_rule_is_back_tested_within_a_second(
    organization: Organization, record_property: Callable[[str, object], None]
) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        large(database, organization.slug, CUSTOMERS)
        database.execute("ANALYZE")
    with tenant(organization.id):
        shown = queries.shown(organization.id)
        for rule in RULES:
            seconds = []
            for _ in range(3):
                begun = time.monotonic()
                found = backtest_of(shown, "usd", rule, shown.alerts)
                seconds.append(time.monotonic() - begun)
            assert found.drawing.value_lines, rule
            assert min(seconds) < MOST_SECONDS, (rule, seconds)
            record_property(f"{rule}, seconds", round(min(seconds), 2))
