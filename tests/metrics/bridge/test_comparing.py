"""The four tools on a stored build: its headline, the walk, and the rows below every cell."""

from datetime import date
from uuid import UUID

import pytest

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import Company, generate
from metrics import queries
from metrics.bridge import comparing, reading
from metrics.bridge.models import ComparedAmount, Comparison
from metrics.bridge.vendors import VENDORS
from metrics.build.recompute import recompute
from tests.dashboards.revenue import computed
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror

MONTHS = (date(2025, 6, 1), date(2026, 4, 1), date(2026, 10, 1), date(2026, 11, 1))
OCTOBER = MONTHS[2]
# What the tools count otherwise than we do, and what nobody does.
TOLD_APART = [
    "ordinary",
    "never_pays",
    "by_invoice",
    "percent_once",
    "percent_repeating",
    "once_on_customer",
    "amount_forever",
    "card_fails_for_good",
    "becomes_unpaid",
    "unpaid_invoices",
    "paused_void",
    "paused_draft",
    "metered",
    "tax_inclusive",
    "trial_converts",
    "refunded_and_gone",
    "euro",
    "yen",
]


@pytest.fixture
def company() -> Company:
    return generate(seed=7, size=31, now=NOW, mix=dict.fromkeys(TOLD_APART, 1))


def there(organization_id: UUID, month: date, currency: str) -> comparing.Place:
    where = comparing.place(queries.shown(organization_id), month, currency)
    assert where is not None
    return where


def test_every_walk_starts_at_the_headline_and_its_rows_sum_to_its_cells(mirror: Mirror) -> None:
    moved = set()
    with tenant(mirror.organization_id):
        for currency in queries.currencies(mirror.organization_id):
            for month in MONTHS:
                where = there(mirror.organization_id, month, currency)
                comparing.compare(where)
                headline = queries.month(mirror.organization_id, currency, month).ending_micro
                for tool, one in comparing.kept(where, list(VENDORS)).items():
                    amounts = {rule: step["amount_micro"] for rule, step in one.result["steps"].items()}
                    assert one.result["ours_micro"] == headline
                    assert headline + sum(amounts.values()) == one.result["theirs_micro"]
                    below = {rule: reading.difference(where, tool, rule) for rule in amounts}
                    assert below == amounts, (tool, month, currency)
                    moved |= {rule for rule, amount in amounts.items() if amount}
    assert moved >= {"discounts", "past_due", "usage"}
    _compared_anew(mirror)


def _compared_anew(mirror: Mirror) -> None:
    """A new build is compared by the job, finds the same, and leaves nothing of the build before."""
    with tenant(mirror.organization_id):
        before = there(mirror.organization_id, OCTOBER, "usd")
        found = comparing.kept(before, list(VENDORS))
        assert comparing.current(before, found, list(VENDORS))
    recompute(mirror.organization_id)
    with tenant(mirror.organization_id):
        jobs.enqueue(mirror.organization_id, "compare_tools", "2026-10 usd")
    jobs.run_until_idle(mirror.organization_id)
    with tenant(mirror.organization_id):
        where = there(mirror.organization_id, OCTOBER, "usd")
        after = comparing.kept(where, list(VENDORS))
        assert {name: one.result for name, one in after.items()} == {
            name: one.result for name, one in found.items()
        }
        assert Comparison.objects.exclude(build=where.build).count() == 0
        assert ComparedAmount.objects.exclude(build=where.build).count() == 0


def test_pages_of_rows_follow_each_other_without_gap(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    computed(organization)
    with tenant(organization.id):
        where = there(organization.id, OCTOBER, "usd")
        lead = "stripe", where.month, "usd", "trials", UUID(int=1)
        rows = [(*lead, f"cus {n // 2}", f"sub_{n}", n, 0) for n in range(5)]
        comparing.keep(where, {"stripe": {}}, rows)
        seen, after = [], ""
        while True:
            page = reading.rows_below(where, "stripe", "trials", after)
            seen += [one.subscription_id for one in page.rows]
            if page.following is None:
                break
            after = page.following
    assert seen == [f"sub_{n}" for n in range(5)]


def test_a_mark_that_no_page_gave_is_refused(organization: Organization) -> None:
    computed(organization)
    with tenant(organization.id):
        where = there(organization.id, OCTOBER, "usd")
        with pytest.raises(reading.UnknownPlaceError):
            reading.rows_below(where, "stripe", "trials", "yesterday")
