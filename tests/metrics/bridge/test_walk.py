"""The walk from our MRR to another tool's: each rule's exact part, and nothing left over."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.bridge.vendors import VENDORS
from metrics.core.history import Configuration
from tests.metrics.bridge.standing import COUPONS, DAY, NOW, PRICES, UNIT, holding, walk

NAMES = st.sampled_from(sorted(PRICES))
STATUSES = st.sampled_from(["active", "past_due", "unpaid", "trialing", "item_trialing", "canceled"])


@st.composite
def rows(draw: st.DrawFn) -> list[Configuration]:
    return [
        holding(
            draw(NAMES),
            draw(st.integers(0, 9)),
            sub=f"sub_{number}",
            coupon=draw(st.sampled_from(["", *sorted(COUPONS)])),
            status=draw(STATUSES),
            paid=draw(st.booleans()),
            collection_paused=draw(st.booleans()),
            cancel_requested=draw(st.booleans()),
            refunded=draw(st.booleans()),
            unpaid_since=draw(st.sampled_from([None, NOW - 60 * DAY, NOW - DAY])),
            usage=draw(st.sampled_from([None, Fraction(4_999, 3)])),
            tax_share=draw(st.sampled_from([None, Fraction(0), Fraction(1, 6)])),
        )
        for number in range(draw(st.integers(0, 4)))
    ]


@settings(max_examples=150, deadline=None)
@given(rows(), st.sampled_from([None, 7]), st.booleans())
def test_the_steps_of_every_tool_sum_to_the_difference(
    held: list[Configuration], grace: int | None, paused: bool
) -> None:
    found = walk(*held, past_due_grace_days=grace, paused_counts=paused)
    for tool in VENDORS:
        steps = [one.after_micro - one.before_micro for one in found.moved if one.tool == tool]
        assert found.ours_micro + sum(steps) == found.theirs_micro[tool]


def test_a_customer_on_whom_all_agree_moves_nothing() -> None:
    found = walk(holding("ten", tax_share=Fraction(1, 6)))
    assert found.moved == ()
    assert set(found.theirs_micro.values()) == {found.ours_micro}


def test_each_step_names_its_rule_and_subscription() -> None:
    found = walk(holding("ten", sub="sub_a", coupon="tenth_for_months"), holding("ten", sub="sub_b"))
    stripe = [one for one in found.moved if one.tool == "stripe"]
    assert [(one.rule, one.subscription, one.before_micro, one.after_micro) for one in stripe] == [
        ("discounts", "sub_a", 9 * UNIT, 10 * UNIT)
    ]


def test_a_trial_of_one_who_paid_counts_with_us_and_not_with_stripe() -> None:
    paid = holding("ten", start=NOW - 200 * DAY, end=NOW - 100 * DAY)
    gift = holding("ten", status="trialing")
    found = walk(paid, gift)
    assert (found.ours_micro, found.theirs_micro["stripe"]) == (10 * UNIT, 0)
    assert found.theirs_micro["chartmogul"] == 10 * UNIT


def test_a_rule_that_is_unknown_leaves_ours_in_force() -> None:
    found = walk(holding("ten", collection_paused=True), paused_counts=True)
    assert found.theirs_micro["baremetrics"] == 10 * UNIT
    assert not VENDORS["baremetrics"].paused.known


def test_another_currency_is_left_out() -> None:
    held = holding("ten"), holding("dollars", sub="other", currency="usd")
    assert set(walk(*held).theirs_micro.values()) == {10 * UNIT}
