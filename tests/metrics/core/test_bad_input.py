"""Facts that no account should have: nothing crashes, nothing counts twice, nothing is lost unsaid."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.core.definition import Definition
from metrics.core.facts import (
    Catalogue,
    Coupon,
    CreditNote,
    Customer,
    Discount,
    Invoice,
    ItemState,
    Line,
    Phase,
    Refund,
    Subscription,
    SubscriptionState,
)
from metrics.core.history import History, history
from metrics.core.intervals import windows
from metrics.core.ledger import segments
from metrics.core.movements import movements, steps
from metrics.core.pricing import asked
from metrics.core.record import SetAside
from tests.metrics.core.build import CATALOGUE, PRICES, at, customer, invoice, item, line, price, state

JAN, FEB, MAR = "2026-01-01", "2026-02-01", "2026-03-01"
DAY = 86_400
BROKEN = Catalogue(
    {
        **PRICES,
        "fortnight": price("fortnight", 100, "fortnight"),
        "no_tiers": price("no_tiers", 0, amounts={"eur": ()}, tiers_mode="volume"),
        "nothing": price("nothing", 0, amounts={}),
    },
    {
        **CATALOGUE.coupons,
        "endless": Coupon("endless", "repeating", percent_off=Fraction(150)),
        "odd": Coupon("odd", "fortnightly", amounts_off={"usd": 100}),
        "minus": Coupon("minus", "forever", amounts_off={"eur": 10_000_000}),
    },
)


@pytest.mark.parametrize("name", ["custom", "no_tiers", "nothing", "fortnight"])
def test_a_price_that_does_not_say_what_it_asks_counts_nothing_and_is_listed(name: str) -> None:
    facts = customer(Subscription("sub", snapshots=(state(JAN, JAN, item(name)),)))
    past = history(facts, BROKEN)
    assert past.set_aside == (SetAside("si", "price_without_amount"),)
    valued = segments(past.configurations, BROKEN, Definition())
    assert [(one.mrr_micro, one.excluded) for one in valued] == [(0, "price")]


def test_a_metered_price_need_not_say_what_it_asks() -> None:
    calls = replace(BROKEN.prices["nothing"], metered=True)
    facts = customer(Subscription("sub", snapshots=(state(JAN, JAN, item("nothing")),)))
    assert history(facts, Catalogue({"nothing": calls}, {})).set_aside == ()


def test_a_clock_that_ran_backwards_ends_nothing_before_it_began() -> None:
    ended = state(JAN, MAR, item("basic"), status="canceled", ended_at=at(FEB))
    facts = customer(Subscription("sub", snapshots=(ended,)))
    assert history(facts, CATALOGUE) == History((), (SetAside("sub", "subscription_ends_before_start"),))


def test_a_subscription_that_ends_as_it_begins_is_none() -> None:
    ended = state(JAN, JAN, item("basic"), status="canceled", ended_at=at(JAN))
    assert history(customer(Subscription("sub", snapshots=(ended,))), CATALOGUE) == History(())


def test_an_item_that_is_only_credited_never_was() -> None:
    credit = line("basic", JAN, FEB, amount=-1, proration=True, credited=True)
    assert history(customer(Subscription("sub", invoices=(invoice(JAN, credit),))), CATALOGUE) == History(())


instants = st.integers(-5, 60).map(lambda number: at(JAN) + number * 3 * DAY)
ends = st.none() | instants
prices = st.sampled_from([*BROKEN.prices, "gone"])
names = st.sampled_from(["si_1", "si_2", "si_3"])
labels = st.lists(st.sampled_from(["di_1", "di_2", "di_3", "di_gone"]), max_size=2).map(tuple)
amounts = st.integers(-5_000, 5_000)
quantities = st.none() | st.integers(-3, 40)
items = st.builds(
    ItemState,
    id=names,
    price=prices,
    quantity=quantities,
    created=ends,
    current_period_start=ends,
    current_period_end=ends,
    discounts=labels,
    inclusive_tax_percent=st.none() | st.sampled_from([Fraction(0), Fraction(20)]),
    trial_start=ends,
    trial_end=ends,
)
states = st.builds(
    SubscriptionState,
    at=instants,
    status=st.sampled_from(
        ["active", "past_due", "trialing", "unpaid", "paused", "canceled", "incomplete", "x"]
    ),
    currency=st.sampled_from(["eur", "usd", ""]),
    start_date=instants,
    items=st.lists(items, max_size=3, unique_by=lambda one: one.id).map(tuple),
    event=st.none() | st.just("evt"),
    created=ends,
    collection_method=st.sampled_from(["charge_automatically", "send_invoice"]),
    trial_start=ends,
    trial_end=ends,
    canceled_at=ends,
    ended_at=ends,
    pause_collection=st.booleans(),
    discounts=labels,
)
lines = st.builds(
    Line,
    id=st.just("il"),
    subscription_item=st.none() | names,
    price=st.none() | prices,
    quantity=quantities,
    amount=amounts,
    period_start=instants,
    period_end=instants,
    proration=st.booleans(),
    credited=st.booleans(),
    discounts=labels,
    discount_amount=amounts,
    inclusive_tax=st.integers(0, 500),
)
invoices = st.builds(
    Invoice,
    id=st.sampled_from(["in_1", "in_2"]),
    status=st.sampled_from(["paid", "open", "draft", "void", "uncollectible", "strange"]),
    created=instants,
    lines=st.lists(lines, max_size=4).map(tuple),
    currency=st.sampled_from(["eur", "usd"]),
    billing_reason=st.sampled_from([None, "subscription_cycle", "subscription_create"]),
    attempted=st.booleans(),
    amount_paid=st.integers(0, 1_000),
    due_date=ends,
    finalized_at=ends,
    paid_at=ends,
    voided_at=ends,
    marked_uncollectible_at=ends,
    payments=st.sampled_from([(), ("pi",)]),
)
subscriptions = st.builds(
    Subscription,
    id=st.sampled_from(["sub_1", "sub_2"]),
    present=st.none() | states.map(lambda one: one._replace(event=None)),
    snapshots=st.lists(states.map(lambda one: one._replace(event="evt")), max_size=3).map(tuple),
    invoices=st.lists(invoices, max_size=4).map(tuple),
    phases=st.lists(st.builds(Phase, instants, st.just((("pro", 1),))), max_size=2).map(tuple),
)
discounts = st.fixed_dictionaries(
    {
        name: st.builds(
            Discount,
            id=st.just(name),
            coupon=st.sampled_from([*BROKEN.coupons, "gone"]),
            start=instants,
            end=ends,
            subscription=st.sampled_from([None, "sub_1"]),
            subscription_item=st.sampled_from([None, "si_1"]),
        )
        for name in ("di_1", "di_2", "di_3")
    }
)
customers = st.builds(
    Customer,
    id=st.just("cus"),
    subscriptions=st.lists(subscriptions, max_size=2, unique_by=lambda one: one.id).map(tuple),
    discounts=discounts,
    refunds=st.just((Refund("re", 1_000, payments=("pi",)),)),
    credit_notes=st.just((CreditNote("in_1", (("re", 500),), 10),)),
)
definitions = st.builds(
    Definition,
    past_due_grace_days=st.sampled_from([None, 0, 14]),
    usage=st.sampled_from(["exclude", "trailing_3_invoices"]),
    discounts=st.sampled_from(["forever_and_repeating", "forever", "all", "none"]),
    churn_at=st.sampled_from(["end_of_paid_term", "cancellation_request"]),
)


@given(customers, definitions)
@settings(deadline=None, max_examples=200, phases=[hypothesis.Phase.generate])
def test_whatever_the_facts_segments_follow_one_another_and_movements_explain_them(
    facts: Customer, definition: Definition
) -> None:
    valued = segments(history(facts, BROKEN).configurations, BROKEN, definition)
    last: dict[tuple[str, str], Any] = {}
    for one in valued:
        before = last.get((one.subscription, one.item))
        assert before is None or (before.end is not None and before.end <= one.start)
        assert one.end is None or one.start < one.end
        last[one.subscription, one.item] = one
    moved = movements(steps(valued), windows("day", "Asia/Kolkata"))
    for currency in {one.currency for one in valued}:
        open_now = sum(one.mrr_micro for one in last.values() if one.end is None and one.currency == currency)
        assert sum(one.amount_micro for one in moved if one.currency == currency) == open_now


@given(customers)
@settings(deadline=None, max_examples=50, phases=[hypothesis.Phase.generate])
def test_whatever_the_order_of_the_facts_history_is_the_same(facts: Customer) -> None:
    def turned(one: Subscription) -> Subscription:
        when = {state.at for state in one.snapshots}
        at_once = len(when) < len(one.snapshots)
        return one if at_once else replace(one, snapshots=one.snapshots[::-1])

    other = replace(facts, subscriptions=tuple(turned(one) for one in facts.subscriptions))
    assert history(other, BROKEN) == history(facts, BROKEN)


def test_a_quantity_below_zero_still_has_a_price() -> None:
    assert asked(PRICES["basic"], -2, "eur") == -2_000
