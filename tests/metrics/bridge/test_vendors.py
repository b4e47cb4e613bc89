"""Each tool's rules on the figures that its own documentation publishes."""

from dataclasses import fields
from datetime import date

import pytest

from metrics.bridge.rules import BESIDE, WALK, Rule, RuleSet
from metrics.bridge.vendors import VENDORS
from tests.metrics.bridge.standing import DAY, NOW, holding, mrr


@pytest.mark.parametrize("tool", VENDORS)
def test_every_rule_is_cited_or_unknown(tool: str) -> None:
    rules = VENDORS[tool]
    named = [one.name for one in fields(RuleSet) if isinstance(getattr(rules, one.name), Rule)]
    uncited = [name for name in named if rules.rule(name).known and not rules.rule(name).sources]
    addresses = [one.address for name in named for one in rules.rule(name).sources]
    assert (named, uncited) == ([*WALK, *BESIDE], [])
    assert all(one.startswith("https://") for one in addresses)
    assert rules.read_on == date(2026, 11, 22)


def test_stripe_adds_months_and_twelfths_of_years() -> None:
    monthly = [holding("hundred", sub=f"a{n}") for n in range(100)]
    yearly = [holding("year_600", sub=f"b{n}") for n in range(50)]
    assert mrr("stripe", *monthly, *yearly) == 12_500_00


def test_stripe_counts_an_annual_1200_as_100() -> None:
    assert mrr("stripe", holding("year_1200")) == 100_00


@pytest.mark.parametrize(
    ("coupon", "expected"), [("half_for_ever", 50_00), ("tenth_for_months", 100_00), ("half_once", 100_00)]
)
def test_stripe_takes_off_coupons_that_last_for_ever_alone(coupon: str, expected: int) -> None:
    assert mrr("stripe", holding("hundred", coupon=coupon)) == expected


def test_stripe_leaves_trials_and_unpaid_out_and_counts_past_due_and_the_unpaid_first_invoice() -> None:
    assert mrr("stripe", holding("ten", status="trialing")) == 0
    assert mrr("stripe", holding("ten", status="unpaid")) == 0
    assert mrr("stripe", holding("ten", status="past_due", unpaid_since=NOW - 80 * DAY)) == 10_00
    assert mrr("stripe", holding("ten", paid=False)) == 10_00


def test_stripe_drops_a_cancellation_at_the_request() -> None:
    assert mrr("stripe", holding("ten", cancel_requested=True)) == 0


def test_chartmogul_s_five_customers_of_5_and_two_of_30() -> None:
    five = [holding("five", sub=f"a{n}") for n in range(5)]
    thirty = [holding("thirty", sub=f"b{n}") for n in range(2)]
    assert (mrr("chartmogul", *five), mrr("chartmogul", *five, *thirty)) == (25_00, 85_00)


def test_chartmogul_s_four_yearly_plans_and_two_monthly() -> None:
    gold, silver = holding("year_500", 4, sub="gold"), holding("thirty", 2, sub="silver")
    assert (mrr("chartmogul", gold), mrr("chartmogul", gold, silver)) == (166_66, 226_66)


def test_chartmogul_counts_a_paused_subscription_and_awaits_the_first_payment() -> None:
    assert mrr("chartmogul", holding("ten", collection_paused=True)) == 10_00
    assert mrr("chartmogul", holding("ten", paid=False)) == 0


def test_profitwell_s_annual_120_with_and_without_a_tenth_off() -> None:
    assert mrr("profitwell", holding("year_120")) == 10_00
    assert mrr("profitwell", holding("year_120", coupon="tenth_for_ever")) == 9_00


def test_profitwell_s_monthly_10_less_a_tenth_for_the_length_of_the_discount() -> None:
    during = holding("ten", coupon="tenth_for_months", end=NOW - 10 * DAY)
    after = holding("ten", start=NOW - 10 * DAY)
    assert mrr("profitwell", during, after, at=NOW - 20 * DAY) == 9_00
    assert mrr("profitwell", during, after) == 10_00


def test_profitwell_keeps_who_cancelled_until_the_period_s_end() -> None:
    cancelled = holding("ten", cancel_requested=True, end=NOW)
    assert mrr("profitwell", cancelled, at=NOW) == 10_00
    assert mrr("profitwell", cancelled, at=NOW + 1) == 0


def test_profitwell_counts_metered_billing_and_no_paused_subscription() -> None:
    assert mrr("profitwell", holding("calls", usage=4_200)) == 42_00
    assert mrr("profitwell", holding("ten", collection_paused=True)) == 0


def test_baremetrics_ten_customers_of_10_and_the_annual_120() -> None:
    assert mrr("baremetrics", *(holding("ten", sub=f"a{n}") for n in range(10))) == 100_00
    assert mrr("baremetrics", holding("year_120")) == 10_00


def test_baremetrics_takes_coupons_off_and_leaves_the_free_out() -> None:
    assert mrr("baremetrics", holding("ten", coupon="half_for_ever")) == 5_00
    assert mrr("baremetrics", holding("ten", coupon="all")) == 0
    assert mrr("baremetrics", holding("free")) == 0


@pytest.mark.parametrize(("days", "expected"), [(29, 10_00), (31, 0)])
def test_baremetrics_drops_the_delinquent_after_30_days(days: int, expected: int) -> None:
    late = holding("ten", status="past_due", unpaid_since=NOW - days * DAY)
    assert mrr("baremetrics", late) == expected
