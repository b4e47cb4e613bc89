"""What happened before the first event, told by invoices alone: at most one period off, and marked so."""

from typing import Any

import pytest

from metrics.core.facts import Invoice, Subscription, SubscriptionState
from metrics.core.ledger import Segment
from tests.metrics.core.build import at, customer, discount, invoice, item, ledger, line, spans, state

DATES = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01")
JAN, FEB, MAR, APR, MAY, JUN = DATES
Fact = SubscriptionState


def month(number: int, name: str = "basic", **more: Any) -> Invoice:
    start, end = DATES[number], DATES[number + 1]
    return invoice(start, line(name, start, end, amount=more.pop("amount", None)), **more)


def dropped(number: int, status: str = "draft", **more: Any) -> Invoice:
    """Return a renewal that was never charged, as a pause of collection leaves it."""
    closed = {"void": "voided_at", "uncollectible": "marked_uncollectible_at"}.get(status)
    when = {closed: at(DATES[number]) + 3_600} if closed else {}
    return month(number, **{"status": status, "attempted": False, "paid_at": None, **when, **more})


def shows(day: str, name: str = "basic", **more: Any) -> Fact:
    one = item(name, current_period_start=at(day[:8] + "01"), **more.pop("item", {}))
    return state(day, JAN, one, **more)


def fetched(day: str, name: str = "basic", **more: Any) -> Fact:
    return shows(day, name, **more)._replace(event=None)


def valued(*invoices: Invoice, snapshots: tuple[Fact, ...] = (), present: Fact | None = None) -> Any:
    return ledger(customer(Subscription("sub", present, snapshots, invoices)))


def precise(segments: tuple[Segment, ...]) -> list[tuple[bool, bool]]:
    return [(one.start_exact, one.end_exact) for one in segments if one.mrr_micro]


@pytest.mark.parametrize("status", ["draft", "void", "uncollectible"])
def test_renewals_never_charged_are_a_pause_until_the_first_event(status: str) -> None:
    dull = valued(month(0), dropped(1, status), dropped(2, status), snapshots=(shows("2026-03-20"),))
    assert spans(dull) == [(JAN, FEB, 1000), ("2026-03-20", None, 1000)]
    assert precise(dull) == [(True, False), (False, True)]


def test_a_pause_that_the_first_event_shows_began_with_the_first_renewal_never_charged() -> None:
    paused = (shows("2026-04-10", pause_collection=True), shows("2026-04-20"))
    dull = valued(month(0), dropped(1), dropped(2), dropped(3), snapshots=paused)
    assert spans(dull) == [(JAN, FEB, 1000), ("2026-04-20", None, 1000)]
    assert precise(dull) == [(True, False), (True, True)]


def test_a_pause_that_the_first_event_shows_is_marked_where_it_acts() -> None:
    dull = valued(month(0), month(1), snapshots=(shows("2026-02-10", pause_collection=True),))
    assert (spans(dull), precise(dull)) == ([(JAN, MAR, 1000)], [(True, False)])


def test_a_pause_over_before_a_fetch_ends_with_the_start_of_the_period() -> None:
    dull = valued(month(0), dropped(1), dropped(2), present=fetched("2026-03-20"))
    assert spans(dull) == [(JAN, FEB, 1000), (MAR, None, 1000)]
    assert precise(dull) == [(True, False), (False, True)]


@pytest.mark.parametrize("known", [{"snapshots": (shows("2026-04-20"),)}, {"present": fetched("2026-03-20")}])
def test_time_unpaid_ends_exactly_with_the_payment_of_what_was_owed(known: dict[str, Any]) -> None:
    owed = month(1, attempted=True, paid_at=at("2026-03-15"))
    back = valued(month(0), owed, dropped(2), **known)
    assert spans(back) == [(JAN, MAR, 1000), ("2026-03-15", None, 1000)]
    assert precise(back) == [(True, False), (True, True)]


def test_an_invoice_voided_long_after_it_was_sent_is_no_pause() -> None:
    sent = dropped(1, "void", voided_at=at("2026-02-25"))
    assert spans(valued(month(0), sent, month(2))) == [(JAN, APR, 1000)]


def test_a_void_invoice_that_does_not_say_when_was_never_charged() -> None:
    assert spans(valued(month(0), dropped(1, "void", voided_at=None), month(2))) == [
        (JAN, FEB, 1000),
        (MAR, APR, 1000),
    ]


def test_a_renewal_voided_before_a_cancellation_is_no_pause() -> None:
    ended = fetched("2026-02-20", status="canceled", ended_at=at("2026-02-10"))
    assert spans(valued(month(0), dropped(1, "void"), present=ended)) == [(JAN, "2026-02-10", 1000)]


def test_several_renewals_voided_before_a_cancellation_are_a_pause() -> None:
    ended = fetched("2026-03-20", status="canceled", ended_at=at("2026-03-10"))
    dull = valued(month(0), dropped(1, "void"), dropped(2, "void"), present=ended)
    assert (spans(dull), precise(dull)) == ([(JAN, FEB, 1000)], [(True, False)])


def test_the_first_event_dates_a_change_but_may_be_late() -> None:
    dull = valued(month(0), snapshots=(shows("2026-01-20", "pro"),))
    assert spans(dull) == [(JAN, "2026-01-20", 1000), ("2026-01-20", None, 3000)]
    assert precise(dull) == [(True, False), (False, True)]


def test_the_first_event_dates_the_end_of_a_discount_but_may_be_late() -> None:
    half = month(0, discounts=("di",))
    facts = customer(
        Subscription("sub", snapshots=(shows("2026-01-20"),), invoices=(half,)),
        discounts={"di": discount("di", "half", JAN)},
    )
    dull = ledger(facts)
    assert spans(dull) == [(JAN, "2026-01-20", 500), ("2026-01-20", None, 1000)]
    assert precise(dull) == [(True, False), (False, True)]


def laid(*invoices: Invoice, present: Fact, coupon: str = "half", since: str = JAN, **more: Any) -> Any:
    """Value a subscription that ever had one discount, from a fetch and perhaps the customer's own object."""
    subscription = Subscription("sub", present, more.pop("snapshots", ()), invoices)
    of = {"subscription": None} if "fetched_at" in more else {}
    return ledger(customer(subscription, discounts={"di": discount("di", coupon, since, **of)}, **more))


def discounted(*numbers: int) -> tuple[Invoice, ...]:
    return tuple(month(number, discounts=("di",)) for number in numbers)


OVER = ([(JAN, MAR, 500), (MAR, None, 1000)], [(True, False), (False, True)])


def test_a_discount_gone_by_a_fetch_ended_with_the_start_of_the_period() -> None:
    dull = laid(*discounted(0, 1, 2), present=fetched("2026-03-20"))
    assert (spans(dull), precise(dull)) == OVER


def test_a_discount_gone_within_its_first_period_leaves_a_start_that_is_marked() -> None:
    dull = laid(*discounted(0), present=fetched("2026-01-20"))
    assert (spans(dull), precise(dull)) == ([(JAN, None, 1000)], [(False, True)])


def test_a_discount_gone_by_a_fetch_lasted_until_an_event_last_showed_it() -> None:
    logged = shows("2026-03-10", discounts=("di",))
    dull = laid(*discounted(0, 1, 2), present=fetched("2026-03-20"), snapshots=(logged,))
    assert (spans(dull), precise(dull)[1]) == (
        [(JAN, "2026-03-10", 500), ("2026-03-10", None, 1000)],
        (False, True),
    )


def test_a_discount_that_ran_out_before_a_fetch_ends_by_its_date() -> None:
    run_out = laid(*discounted(0, 1, 2, 3), present=fetched("2026-04-20"), coupon="tenth", since="2026-01-10")
    assert spans(run_out) == [(JAN, "2026-01-10", 1000), ("2026-01-10", "2026-04-10", 900), (
        "2026-04-10", None, 1000,
    )]  # fmt: skip


def test_a_subscription_that_ended_keeps_the_discount_of_its_last_period() -> None:
    ended = fetched("2026-02-20", status="canceled", ended_at=at("2026-02-15"))
    assert spans(laid(*discounted(0, 1), present=ended)) == [(JAN, "2026-02-15", 500)]


def test_a_discount_gone_from_the_customer_ended_with_the_start_of_the_period() -> None:
    dull = laid(*discounted(0, 1, 2), present=fetched("2026-03-20"), fetched_at=at("2026-03-20"))
    assert (spans(dull), precise(dull)) == OVER


@pytest.mark.parametrize(
    "more",
    [
        {"discount": "di", "fetched_at": at("2026-03-20")},
        {"fetched_at": at(JAN) - 1},
        {"fetched_at": None},
    ],
)
def test_a_customers_discount_lasts_unless_a_later_fetch_is_without_it(more: dict[str, Any]) -> None:
    assert spans(laid(*discounted(0, 1, 2), present=fetched("2026-03-20"), **more)) == [(JAN, None, 500)]


def test_entry_into_unpaid_before_the_first_event_is_marked() -> None:
    dull = valued(month(0), month(1, status="open", paid_at=None), dropped(2), snapshots=(
        shows("2026-04-10", status="unpaid"),
    ))  # fmt: skip
    assert (spans(dull), precise(dull)) == ([(JAN, MAR, 1000)], [(True, False)])


def test_after_a_trial_any_first_invoice_can_delay_the_count() -> None:
    tried: dict[str, Any] = {"trial_start": at(JAN), "trial_end": at(FEB)}
    trial = month(0, amount=0, billing_reason="subscription_create")
    assert spans(valued(trial, month(3), present=fetched("2026-04-10", **tried))) == [(APR, None, 1000)]


@pytest.mark.parametrize("status", ["unpaid", "past_due"])
def test_a_status_that_the_first_event_shows_began_no_later(status: str) -> None:
    owed = month(1, status="open", paid_at=None, finalized_at=at("2026-02-25"))
    facts = customer(
        Subscription("sub", None, (shows("2026-02-20", status=status),), (month(0), owed, dropped(2)))
    )
    begun = {"unpaid": [(JAN, "2026-02-20", 1000)], "past_due": [(JAN, None, 1000)]}
    assert spans(ledger(facts)) == begun[status]
