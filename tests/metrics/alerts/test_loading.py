"""What the rules look at, on a synced account, beside what its company knows."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.stories import FULL
from config.clock import set_now
from metrics import queries
from metrics.alerts.failures import first_failures
from metrics.alerts.loading import series_of
from metrics.alerts.rules import readings
from metrics.evidence.sums import COUNTS
from metrics.listings import customer_rows
from tests.billing_sync.accounts import connected

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 15, tzinfo=UTC)


def known_failures(company: Company, currency: str) -> list[date]:
    """Return the day of each invoice's first failed attempt."""
    invoices = {one.id: one.invoice for one in company.book.all("payment_intent")}
    firsts: dict[str, int] = {}
    for charge in company.book.all("charge"):
        if charge.failure and charge.currency == currency:
            invoice = invoices[charge.intent]
            firsts[invoice] = min(charge.created, firsts.get(invoice, charge.created))
    return sorted(datetime.fromtimestamp(at, UTC).date() for at in firsts.values())


@pytest.fixture
def company(organization: Organization) -> Company:
    """Sync an account that bills in every way, and give what it knows."""
    known = generate(seed=11, size=80, now=NOW, mix=FULL)
    with set_now(NOW), serve(known) as base_url:
        connected(organization, base_url)
    return known


def test_a_synced_account_is_looked_at_as_it_is(company: Company, organization: Organization) -> None:
    with set_now(NOW), tenant(organization.id):
        shown = queries.shown(organization.id)
        currency = queries.currencies(organization.id)[0]
        seen = series_of(shown, currency, shown.today, shown.alerts)
        rows = [row for row in customer_rows(organization.id, MIDNIGHT) if row.currency == currency]
        earlier = customer_rows(organization.id, MIDNIGHT - timedelta(days=30))
        since = date(2026, 1, 1)
        judged = series_of(shown, currency, since + timedelta(days=60), shown.alerts)
        failures = [one.on for one in first_failures(shown, currency, since, MIDNIGHT.date())]
        days = queries.daily(organization.id, currency, date(2026, 1, 1), MIDNIGHT.date())
    assert seen.mrr_micro == sum(row.mrr_micro for row in rows) > 0
    assert seen.customers == len(rows)
    assert seen.customers_at(MIDNIGHT.date() - timedelta(days=30)) == len(
        [row for row in earlier if row.currency == currency]
    )
    before = sum(row.mrr_micro for row in earlier if row.currency == currency)
    assert seen.mrr_at(MIDNIGHT.date() - timedelta(days=30)) == before
    known = known_failures(company, currency)
    assert sorted(failures) == [day for day in known if since <= day < MIDNIGHT.date()]
    assert failures
    assert {day: count for day, count in judged.failures.items() if day >= since} == Counter(failures)
    assert readings(seen, seen.today, shown.alerts) == readings(judged, seen.today, shown.alerts)
    for start, end in pairwise(sorted(seen.cuts)):
        within = [day for day in days if start <= day.day < end]
        for kind, count in COUNTS.items():
            moved = seen.moved(start, end, kind)
            assert moved.amount_micro == sum(getattr(day, f"{kind}_micro") for day in within)
            assert moved.count == sum(getattr(day, count) for day in within)
    with pytest.raises(ValueError, match="not told apart"):
        seen.mrr_at(MIDNIGHT.date() - timedelta(days=44))
