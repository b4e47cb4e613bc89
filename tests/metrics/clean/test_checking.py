"""The clean check of a stored company: every mistake is worth what the company knows, row by row."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox import subscribing, truth
from billing_sync.sandbox.company import scripted
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.stories import STORIES
from billing_sync.sandbox.stories.ordinary import Habits
from billing_sync.sandbox.subscribing import Terms
from config.clock import set_now
from metrics import queries
from metrics.bridge.comparing import place
from metrics.bridge.models import ComparedAmount
from metrics.bridge.reading import rows_below
from metrics.build.recompute import recompute
from metrics.clean.checking import MISTAKES, OUT, SUBJECT, check
from metrics.clean.reading import Report, report
from metrics.models import Segment
from tests.metrics.clean import known
from tests.metrics.seeding import Mirror, mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
NAMES = (
    *("trial_converts", "trial_cut_short", "trial_pays_late", "setup_fee", "free_then_paid", "never_pays"),
    *("percent_forever", "percent_once", "percent_on_item", "full_discount", "amount_over_two_items"),
    *("coupon_midway", "customer_coupon", "graduated", "euro", "yen", "metered", "tax_inclusive", "one_off"),
    *("tax_exclusive", "card_recovers", "becomes_unpaid", "paused_void", "refunded_and_gone", "credited"),
    *("by_invoice_late", "to_yearly", "unpaid_invoices", "planned"),
)
MONTH = NOW.date().replace(day=1)


def checked(organization: Organization, currency: str, month: date = MONTH) -> Report:
    """Run the check of a month and read it."""
    where = place(queries.shown(organization.id), month, currency)
    assert where is not None
    check(where)
    found = report(where)
    assert found is not None
    return found


@pytest.fixture
def business(organization: Organization) -> Iterator[Mirror]:
    recent, due, older = (NOW - timedelta(days=days) for days in (9, 21, 40))
    told = [(STORIES[name], at) for name in NAMES for at in (recent, older)]
    company = scripted([*told, (STORIES["by_invoice_late"], due)], NOW)
    one = mirrored(organization, company)
    one.listen()
    with set_now(NOW):
        recompute(organization.id)
        yield one


def test_every_mistake_is_what_the_company_knows(business: Mirror, organization: Organization) -> None:
    company = business.company
    true, (billings, received) = known.mistakes(company), known.cash(company)
    mrr = Counter[str]()
    for (_, currency), amount in truth.mrr_at(company, company.now).items():
        mrr[currency] += amount
    seen: set[str] = set()
    with tenant(organization.id):
        for currency in mrr:
            found = checked(organization, currency)
            assert found.mrr_micro == mrr[currency]
            assert (found.billings_micro, found.cash_micro) == (billings[currency], received[currency])
            assert found.wrong == 0
            for name in MISTAKES:
                assert found.amount(name) == true[name, currency], name
                seen |= {name for amount in [found.amount(name)] if amount}
            assert_rows_sum(found, organization)
    assert seen >= {"annual_cash", "setup_fees", "trials", "tax", "discounts", "past_due"}


def assert_rows_sum(found: Report, organization: Organization) -> None:
    """Hold the rows of every rule against its sum and count."""
    for rule, amount in found.amounts.items():
        rows, page = list[ComparedAmount](), rows_below(found.where, SUBJECT, rule)
        rows += page.rows
        while page.following:
            page = rows_below(found.where, SUBJECT, rule, page.following)
            rows += page.rows
        assert sum(row.theirs_micro - row.ours_micro for row in rows) == amount
        assert len(rows) == found.subscriptions[rule]
    out = {rule.removeprefix(OUT) for rule in found.amounts if rule.startswith(OUT)}
    standing = queries.current(Segment.objects.exclude(excluded=""), organization.id)
    standing = standing.filter(currency=found.where.currency, from_at__lte=NOW)
    open_ones = standing.exclude(to_at__lte=NOW)
    assert out == set(open_ones.values_list("excluded", flat=True))


def test_refunds_ignored_count_the_last_period_that_was_given_back(organization: Organization) -> None:
    told = [(STORIES["refunded_and_gone"], datetime(2026, 8, 27, tzinfo=UTC))]
    business = mirrored(organization, scripted(told, NOW))
    (refund,) = business.company.book.all("refund")
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            october = checked(organization, "usd", datetime(2026, 10, 1, tzinfo=UTC).date())
            november = checked(organization, "usd")
    assert (october.mrr_micro, october.amount("refunds")) == (0, refund.amount * known.MICRO)
    assert (november.amount("refunds"), november.amount("refunded")) == (0, refund.amount * known.MICRO)
    assert refund.amount > 0


def signs_a_year(life: Life, habits: Habits) -> Story:
    yield int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    subscribing.subscribe(
        life, [(life.catalog.prices["Team yearly"], 3)], Terms(setup_fee=life.catalog.prices["Setup"])
    )


def test_a_year_signed_is_booked_whole_and_counts_a_twelfth(organization: Organization) -> None:
    company = scripted([(signs_a_year, int(datetime(2026, 10, 20, tzinfo=UTC).timestamp()))], NOW)
    business = mirrored(organization, company)
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            found = checked(organization, "usd")
    invoice = next(iter(business.company.book.all("invoice")))
    fee, year = sorted(line.amount * known.MICRO for line in invoice.lines)
    assert found.amount("bookings") == year
    assert found.mrr_micro == round(year / 12)
    assert found.billings_micro == found.cash_micro == year + fee
    assert found.amount("setup_fees") == fee
    assert found.amount("annual_cash") == year - found.mrr_micro
    assert (found.long_micro, found.wrong) == (found.mrr_micro, 0)
