"""Which configurations count, and for how much, under each setting."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from metrics.core.facts import CreditNote, Invoice, Refund, Subscription, SubscriptionState
from tests.metrics.core.build import at, customer, discount, invoice, item, ledger, line, moved, spans, state

JAN, FEB, MAR, APR, MAY = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"
DATES = (JAN, FEB, MAR, APR, MAY)


def monthly(number: int, **more: Any) -> Invoice:
    """Return the invoice of a basic month, January being 0."""
    return invoice(DATES[number], line("basic", DATES[number], DATES[number + 1]), **more)


def unpaid(number: int, status: str = "open", **more: Any) -> Invoice:
    return monthly(number, status=status, paid_at=None, amount_paid=0, **more)


def fetched(name: str = "basic", status: str = "active", **more: Any) -> SubscriptionState:
    one = item(name, current_period_start=at(MAR), current_period_end=at(APR))
    return replace(state("2026-03-15", JAN, one, status=status, **more), event=None)


def logged(*states: tuple[str, dict[str, Any]], name: str = "basic") -> tuple[SubscriptionState, ...]:
    return tuple(state(day, JAN, item(name), **more) for day, more in states)


def counted(
    *invoices: Invoice,
    present: SubscriptionState | None = None,
    snapshots: tuple[SubscriptionState, ...] = (),
    rules: dict[str, Any] | None = None,
    **more: Any,
) -> list[tuple[str, str | None, int]]:
    facts = customer(Subscription("sub", present, snapshots, invoices), **more)
    return spans(ledger(facts, **(rules or {})))


def reasons(
    *invoices: Invoice, present: SubscriptionState | None = None, snapshots: Any = (), **rules: Any
) -> list[tuple[str, str]]:
    """Return the kinds and reasons of the movements of one subscription."""
    facts = customer(Subscription("sub", present, snapshots, invoices))
    return [(one.kind, " ".join(one.reasons)) for one in moved(ledger(facts, **rules))]


# Statuses and trials


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "somehow_new", "not_started"])
def test_a_status_that_does_not_count_is_named(status: str) -> None:
    valued = ledger(customer(Subscription("sub", fetched(status=status))))
    assert [(s.mrr_micro, s.excluded) for s in valued] == [(0, status)]


def test_what_is_signed_and_not_started_is_committed_only() -> None:
    planned = fetched(status="not_started", ended_at=at(MAY))
    (valued,) = ledger(customer(Subscription("sub_sched", planned)))
    assert (valued.mrr_micro, valued.committed_micro) == (0, 1_000_000_000)


def test_a_trial_counts_from_its_first_payment() -> None:
    invoices = (
        invoice(JAN, line("basic", JAN, FEB, amount=0)),
        monthly(1, paid_at=at("2026-02-01 01:00")),
    )
    present = fetched(trial_start=at(JAN), trial_end=at(FEB))
    assert counted(*invoices, present=present) == [("2026-02-01T01:00:00", None, 1000)]
    assert reasons(*invoices, present=present) == [("new", "trial_converted")]


def test_a_trial_that_our_clock_has_passed_is_still_a_trial() -> None:
    for begun in (at(JAN), None):
        present = fetched(status="trialing", trial_start=begun, trial_end=at(FEB))
        valued = ledger(customer(Subscription("sub", present)))
        assert [(s.excluded, s.end) for s in valued] == [("trial", None)]


def test_a_trial_that_ends_in_a_failed_payment_never_counted() -> None:
    invoices = (invoice(JAN, line("basic", JAN, FEB, amount=0)), unpaid(1))
    present = fetched(status="past_due", trial_start=at(JAN), trial_end=at(FEB))
    assert counted(*invoices, present=present) == []
    assert counted(*invoices, present=present, rules={"require_first_payment": False}) == [(FEB, None, 1000)]


def test_a_trial_ended_by_event_is_dated_by_its_end() -> None:
    snapshots = logged(
        (JAN, {"status": "trialing", "trial_start": at(JAN), "trial_end": at(FEB)}),
        ("2026-02-01 00:00:05", {"trial_start": at(JAN), "trial_end": at(FEB)}),
    )
    assert counted(snapshots=snapshots) == [(FEB, None, 1000)]


def test_a_trial_on_a_subscription_that_counted_is_no_churn() -> None:
    snapshots = logged(
        (JAN, {}),
        (FEB, {"status": "trialing", "trial_start": at(FEB), "trial_end": at(MAR)}),
        (MAR, {"trial_start": at(FEB), "trial_end": at(MAR)}),
    )
    assert counted(snapshots=snapshots) == [(JAN, None, 1000)]


def test_an_items_own_trial_leaves_the_others_counting() -> None:
    second = item("pro", id="si_2", trial_start=at(JAN), trial_end=at(FEB))
    present = replace(fetched(), items=(*fetched().items, second))
    assert counted(present=present) == [(JAN, None, 1000), (FEB, None, 3000)]


def test_an_item_added_on_trial_waits_though_its_subscription_counts() -> None:
    second = item("pro", id="si_2", created=at(FEB), trial_start=at(FEB), trial_end=at(MAR))
    present = replace(fetched(), items=(*fetched().items, second))
    assert counted(present=present) == [(JAN, None, 1000), (MAR, None, 3000)]


# First payment


def test_a_subscription_counts_from_its_first_payment() -> None:
    assert counted(monthly(0, paid_at=at("2026-01-03")), present=fetched()) == [("2026-01-03", None, 1000)]


def test_a_sent_invoice_counts_from_the_start() -> None:
    sent = unpaid(0, collection_method="send_invoice", due_date=at(FEB))
    present = fetched(collection_method="send_invoice")
    assert counted(sent, present=present) == [(JAN, None, 1000)]


@pytest.mark.parametrize("status", ["void", "uncollectible"])
def test_a_written_off_first_invoice_leaves_it_to_the_next(status: str) -> None:
    assert counted(unpaid(0, status), monthly(1), present=fetched()) == [(FEB, None, 1000)]


def test_an_archive_may_tell_only_that_an_invoice_was_paid() -> None:
    told = (monthly(0, paid_at=None), monthly(0, paid_at=None, finalized_at=None, created=at("2026-01-02")))
    assert [counted(one, present=fetched()) for one in told] == [
        [(JAN, None, 1000)],
        [("2026-01-02", None, 1000)],
    ]


def test_an_invoice_of_nothing_by_coupon_is_a_payment() -> None:
    free = invoice(JAN, replace(line("basic", JAN, FEB), discounts=("di",), discount_amount=1000))
    discounts = {"di": discount("di", "once", JAN)}
    assert counted(free, present=fetched(), discounts=discounts) == [(JAN, None, 1000)]


def test_a_free_plan_that_upgrades_counts_from_its_first_payment() -> None:
    invoices = (
        invoice(JAN, line("free", JAN, FEB)),
        replace(monthly(1), paid_at=at("2026-02-03")),
    )
    assert counted(*invoices, present=fetched()) == [("2026-02-03", None, 1000)]
    assert reasons(*invoices, present=fetched()) == [("new", "plan_change")]


# Pauses


def test_a_pause_acts_from_the_end_of_the_paid_period() -> None:
    snapshots = logged((JAN, {}), ("2026-02-10", {"pause_collection": True}), (APR, {}))
    invoices = (monthly(0), monthly(1))
    assert counted(*invoices, snapshots=snapshots) == [(JAN, MAR, 1000), (APR, None, 1000)]
    assert reasons(*invoices, snapshots=snapshots) == [
        ("new", "started"),
        ("churn", "paused"),
        ("reactivation", "resumed"),
    ]
    assert counted(*invoices, snapshots=snapshots, rules={"paused_counts": True}) == [(JAN, None, 1000)]


def test_a_pause_within_the_paid_period_changes_nothing() -> None:
    snapshots = logged((JAN, {}), ("2026-02-10", {"pause_collection": True}), ("2026-02-20", {}))
    assert counted(monthly(0), monthly(1), snapshots=snapshots) == [(JAN, None, 1000)]


def test_a_pause_without_invoices_acts_from_the_period_of_the_event() -> None:
    paused = state("2026-01-10", JAN, item("basic", current_period_end=at(FEB)), pause_collection=True)
    assert counted(snapshots=(*logged((JAN, {})), paused)) == [(JAN, FEB, 1000)]


def test_a_pause_that_no_event_dates_begins_after_what_was_paid() -> None:
    present = fetched(pause_collection=True)
    facts = customer(Subscription("sub", present, invoices=(monthly(0), monthly(1))))
    assert spans(ledger(facts)) == [(JAN, MAR, 1000)]
    assert ledger(facts)[0].precision == "period"
    assert counted(present=present) == [(JAN, APR, 1000)]


def test_a_pause_that_ended_shows_in_renewals_never_charged() -> None:
    void = unpaid(1, "void", attempted=False, voided_at=at(FEB))
    invoices = (monthly(0), void, monthly(2))
    assert counted(*invoices, present=fetched()) == [(JAN, FEB, 1000), (MAR, None, 1000)]


def test_a_pause_resumed_without_an_event_ends_with_the_present_period() -> None:
    snapshots = logged((JAN, {}), ("2026-01-10", {"pause_collection": True}))
    assert counted(monthly(0), snapshots=snapshots, present=fetched()) == [
        (JAN, FEB, 1000),
        (MAR, None, 1000),
    ]


def test_the_paused_status_begins_with_the_end_of_the_trial() -> None:
    present = fetched(status="paused", trial_start=at(JAN), trial_end=at(FEB))
    valued = ledger(customer(Subscription("sub", present)))
    assert [(s.excluded, s.start) for s in valued] == [("trial", at(JAN)), ("paused", at(FEB))]


# Failing payments


def test_past_due_counts_until_grace_runs_out_and_comes_back_when_paid() -> None:
    late = monthly(1, paid_at=at("2026-02-20"))
    assert counted(monthly(0), late, present=fetched()) == [(JAN, None, 1000)]
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), late, present=fetched(), rules=rules) == [
        (JAN, "2026-02-11", 1000),
        ("2026-02-20", None, 1000),
    ]
    assert reasons(monthly(0), late, present=fetched(), **rules) == [
        ("new", "started"),
        ("churn", "payment_failure"),
        ("reactivation", "payment_recovered"),
    ]


def test_grace_that_covers_the_delay_changes_nothing() -> None:
    late = monthly(1, paid_at=at("2026-02-05"))
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), late, present=fetched(), rules=rules) == [(JAN, None, 1000)]


def test_grace_of_a_sent_invoice_runs_from_its_due_date() -> None:
    sent = unpaid(1, collection_method="send_invoice", due_date=at("2026-02-15"))
    present = fetched(status="past_due", collection_method="send_invoice")
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), sent, present=present, rules=rules) == [(JAN, "2026-02-25", 1000)]


def test_grace_follows_the_oldest_unpaid_invoice() -> None:
    rules = {"past_due_grace_days": 40}
    invoices = (monthly(0), unpaid(1), unpaid(2))
    assert counted(*invoices, present=fetched(status="past_due"), rules=rules) == [(JAN, "2026-03-13", 1000)]


def test_a_change_after_grace_ran_out_stays_out() -> None:
    snapshots = logged((JAN, {}), ("2026-02-20", {"canceled_at": at("2026-02-20")}))
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), unpaid(1), snapshots=snapshots, rules=rules) == [(JAN, "2026-02-11", 1000)]


def test_drafts_before_a_charged_renewal_are_no_sign_of_unpaid() -> None:
    draft = unpaid(1, "draft", finalized_at=None)
    both = replace(draft, lines=(*draft.lines, replace(draft.lines[0], subscription_item="si_2")))
    mixed = replace(unpaid(1), lines=(replace(draft.lines[0], subscription_item="si_3"),))
    ended = fetched(status="canceled", ended_at=at("2026-03-20"))
    assert counted(monthly(0), both, monthly(2), present=ended)[0] == (JAN, "2026-03-20", 1000)
    assert counted(monthly(0), draft, mixed, present=ended)[0] == (JAN, FEB, 1000)


def test_an_invoice_written_off_is_due_until_the_next_payment() -> None:
    lost = unpaid(1, "uncollectible", marked_uncollectible_at=at("2026-02-20"))
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), lost, monthly(2), present=fetched(), rules=rules) == [
        (JAN, "2026-02-11", 1000),
        (MAR, None, 1000),
    ]
    assert counted(monthly(0), lost, present=fetched(), rules=rules) == [(JAN, "2026-02-11", 1000)]


def test_a_voided_invoice_is_no_longer_due() -> None:
    void = unpaid(1, "void", voided_at=at("2026-02-20"))
    rules = {"past_due_grace_days": 10}
    assert counted(monthly(0), void, present=fetched(), rules=rules)[1:] == [("2026-02-20", None, 1000)]


def test_unpaid_without_an_event_begins_with_the_first_draft_renewal() -> None:
    invoices = (monthly(0), unpaid(1, "draft", finalized_at=None), unpaid(2, "draft", finalized_at=None))
    assert counted(*invoices, present=fetched(status="unpaid")) == [(JAN, FEB, 1000)]
    ended = fetched(status="canceled", ended_at=at("2026-03-20"))
    assert counted(*invoices, present=ended) == [(JAN, FEB, 1000)]
    assert reasons(*invoices, present=ended) == [("new", "started"), ("churn", "payment_failure")]


def test_unpaid_without_drafts_begins_with_what_is_overdue_or_the_period() -> None:
    assert counted(monthly(0), unpaid(1), present=fetched(status="unpaid")) == [(JAN, FEB, 1000)]
    assert counted(monthly(0), present=fetched(status="unpaid")) == [(JAN, MAR, 1000)]
    bare = replace(fetched(status="unpaid"), items=(item("basic"),))
    assert counted(monthly(0), present=bare) == []


def test_events_date_statuses_exactly() -> None:
    snapshots = logged(
        (JAN, {}), (FEB, {"status": "past_due"}), ("2026-02-15", {"status": "unpaid"}), (MAR, {})
    )
    assert counted(snapshots=snapshots) == [(JAN, "2026-02-15", 1000), (MAR, None, 1000)]


def test_a_status_that_no_event_told_is_dated_by_invoices() -> None:
    snapshots = logged((JAN, {}))
    invoices = (monthly(0), unpaid(1))
    assert counted(*invoices, snapshots=snapshots, present=fetched(status="unpaid")) == [(JAN, FEB, 1000)]
    paused = fetched(status="paused")
    assert counted(monthly(0), snapshots=snapshots, present=paused) == [(JAN, MAR, 1000)]


def test_a_first_event_dates_what_invoices_do_not() -> None:
    assert counted(snapshots=logged((FEB, {"status": "unpaid"}))) == [(JAN, FEB, 1000)]


# Cancellation and refunds


def test_a_requested_cancellation_leaves_committed_mrr_at_once() -> None:
    snapshots = logged((JAN, {}), ("2026-02-10", {"canceled_at": at("2026-02-09")}), ("2026-02-20", {}))
    facts = customer(Subscription("sub", snapshots=snapshots))
    assert [(s.mrr_micro, s.committed_micro) for s in ledger(facts)] == [
        (1_000_000_000, 1_000_000_000),
        (1_000_000_000, 0),
        (1_000_000_000, 1_000_000_000),
    ]
    assert counted(snapshots=snapshots, rules={"churn_at": "cancellation_request"}) == [
        (JAN, "2026-02-09", 1000),
        ("2026-02-20", None, 1000),
    ]


def test_a_cancellation_tells_stripes_reason_and_feedback() -> None:
    ended = fetched(
        status="canceled",
        canceled_at=at("2026-02-09"),
        ended_at=at(MAR),
        cancellation_reason="cancellation_requested",
        cancellation_feedback="too_expensive",
    )
    why = "cancellation:cancellation_requested:too_expensive"
    assert reasons(monthly(0), present=ended) == [("new", "started"), ("churn", why)]
    assert reasons(monthly(0), present=ended, churn_at="cancellation_request")[1] == ("churn", why)


def paid_by(number: int) -> Invoice:
    return monthly(number, payments=(f"pi_{number}",))


def refunded(
    *more: Refund, notes: tuple[CreditNote, ...] = (), ended: str | None = "2026-02-20", **rules: Any
) -> Any:
    present = fetched(status="canceled" if ended else "active", ended_at=at(ended) if ended else None)
    invoices = (paid_by(0), paid_by(1))
    return counted(*invoices, present=present, refunds=more, credit_notes=notes, rules=rules)


KEPT = [(JAN, "2026-02-20", 1000)]


def test_a_last_period_refunded_in_full_counts_nothing() -> None:
    back = Refund("re", 1000, at(MAR), payment_intent="pi_1")
    assert refunded(back) == [(JAN, FEB, 1000)]
    assert refunded(back, refunds_netted_out=False) == KEPT


@pytest.mark.parametrize(
    "back",
    [
        Refund("re", 999, at(MAR), payment_intent="pi_1"),
        Refund("re", 1000, at(MAR), payment_intent="pi_0"),
        Refund("re", 1000, at(MAR), payment_intent="pi_1", status="failed"),
        Refund("re", 1000, at(MAR), charge="ch_untied"),
    ],
)
def test_other_refunds_change_nothing(back: Refund) -> None:
    assert refunded(back) == KEPT


def test_a_refund_to_a_customer_who_stays_changes_nothing() -> None:
    assert refunded(Refund("re", 1000, at(MAR), charge="pi_1"), ended=None) == [(JAN, None, 1000)]


def test_a_refund_is_tied_by_a_credit_note_where_no_payment_ties_it() -> None:
    note = CreditNote("cn", "in_2026-02-01", (("re", 600), ("re_unknown", 400)), out_of_band_amount=400)
    back = Refund("re", 600, at(MAR))
    assert refunded(back, notes=(note,)) == [(JAN, FEB, 1000)]
    assert refunded(back, notes=(replace(note, status="void"), replace(note, invoice="in_other"))) == KEPT


def test_an_ended_subscription_without_a_paid_period_has_no_refund() -> None:
    assert counted(unpaid(0), present=fetched(status="canceled", ended_at=at(FEB))) == []


# Discounts


def discounted(coupon: str, *invoices: Invoice, end: str | None = None, **rules: Any) -> Any:
    discounts = {"di": discount("di", coupon, FEB, end)}
    present = fetched(discounts=("di",))
    return counted(monthly(0), *invoices, present=present, discounts=discounts, rules=rules)


def test_a_discount_for_ever_acts_from_its_start() -> None:
    assert discounted("half") == [(JAN, FEB, 1000), (FEB, None, 500)]
    assert discounted("half", discounts="none") == [(JAN, None, 1000)]


def test_a_repeating_discount_ends_by_date_or_by_its_months() -> None:
    assert discounted("tenth", end=APR) == [(JAN, FEB, 1000), (FEB, APR, 900), (APR, None, 1000)]
    assert discounted("tenth") == [(JAN, FEB, 1000), (FEB, MAY, 900), (MAY, None, 1000)]
    assert discounted("tenth", discounts="forever") == [(JAN, None, 1000)]


def test_a_discount_once_lasts_one_interval_under_all() -> None:
    assert discounted("once") == [(JAN, None, 1000)]
    assert discounted("once", discounts="all") == [(JAN, FEB, 1000), (MAR, None, 1000)]


def test_a_discount_seen_on_lines_alone_ends_with_the_first_line_without_it() -> None:
    with_it = invoice(FEB, replace(line("basic", FEB, MAR), discounts=("di",), discount_amount=500))
    invoices = (monthly(0), with_it, monthly(2))
    discounts = {"di": discount("di", "half", FEB), "di_other": discount("di_other", "half", JAN)}
    facts = customer(Subscription("sub", fetched(), invoices=invoices), discounts=discounts)
    valued = ledger(facts)
    assert spans(valued) == [(JAN, FEB, 1000), (FEB, MAR, 500), (MAR, None, 1000)]
    assert valued[1].precision == "period"
    assert [one.reasons for one in moved(valued)][1:] == [("discount_started",), ("discount_ended",)]


def test_a_discount_gone_in_the_present_state_ends_with_its_last_line() -> None:
    with_it = invoice(FEB, replace(line("basic", FEB, MAR), discounts=("di",), discount_amount=500))
    discounts = {"di": discount("di", "half", FEB)}
    assert counted(monthly(0), with_it, present=fetched(), discounts=discounts)[1:] == [
        (FEB, MAR, 500),
        (MAR, None, 1000),
    ]


def test_a_discount_removed_by_event_ends_with_the_event() -> None:
    snapshots = logged((JAN, {}), (FEB, {"discounts": ("di",)}), ("2026-02-15", {}))
    discounts = {"di": discount("di", "half", FEB)}
    assert counted(snapshots=snapshots, discounts=discounts) == [
        (JAN, FEB, 1000),
        (FEB, "2026-02-15", 500),
        ("2026-02-15", None, 1000),
    ]


def test_a_discount_on_an_item_leaves_the_others() -> None:
    items = (item("basic", discounts=("di",)), item("basic", id="si_2"))
    present = replace(fetched(), items=items)
    invoices = (
        invoice(
            JAN,
            replace(line("basic", JAN, FEB), discounts=("di",)),
            replace(line("basic", JAN, FEB), subscription_item="si_2"),
        ),
    )
    discounts = {"di": discount("di", "half", JAN)}
    assert counted(*invoices, present=present, discounts=discounts) == [(JAN, None, 500), (JAN, None, 1000)]


def test_a_customers_discount_applies_where_the_subscription_has_none() -> None:
    of_customer = discount("di_cus", "half", JAN, subscription=None)
    assert counted(present=fetched(), discounts={"di_cus": of_customer}) == [(JAN, None, 500)]
    both = {"di_cus": of_customer, "di": discount("di", "tenth", FEB, MAR)}
    assert counted(present=fetched(discounts=("di",)), discounts=both) == [
        (JAN, FEB, 500),
        (FEB, MAR, 900),
        (MAR, None, 500),
    ]


def test_a_customers_discount_on_a_line_is_not_missed_on_the_subscription() -> None:
    billed = invoice(JAN, line("basic", JAN, FEB), discounts=("di_cus",))
    discounts = {"di_cus": discount("di_cus", "half", JAN, subscription=None)}
    assert counted(billed, present=fetched(), discounts=discounts) == [(JAN, None, 500)]


def test_an_unknown_discount_or_coupon_takes_nothing_off() -> None:
    discounts = {"di": discount("di", "gone", JAN)}
    present = fetched(discounts=("di", "di_unknown"))
    assert counted(monthly(0), present=present, discounts=discounts) == [(JAN, None, 1000)]


def test_100_percent_off_is_0_and_names_the_discount() -> None:
    discounts = {"di": discount("di", "once", JAN), "di_2": discount("di_2", "half", JAN)}
    facts = customer(Subscription("sub", fetched(discounts=("di", "di_2"))), discounts=discounts)
    assert [s.excluded for s in ledger(facts, discounts="all")] == ["discount", ""]


# Tax, usage, free plans


def test_inclusive_tax_comes_from_the_latest_regular_line() -> None:
    taxed = invoice(FEB, replace(line("basic", FEB, MAR), inclusive_tax=160))
    nothing = invoice(MAR, replace(line("basic", MAR, APR), discount_amount=1000))
    assert counted(monthly(0), taxed, nothing, present=fetched()) == [(JAN, None, 840)]


def test_inclusive_tax_comes_from_the_tax_rates_without_a_line() -> None:
    present = replace(fetched(), items=(item("basic", inclusive_tax_percent=Fraction(25)),))
    assert counted(present=present) == [(JAN, None, 800)]


def test_inclusive_tax_of_unknown_rate_stays_in() -> None:
    assert counted(present=fetched("gross")) == [(JAN, None, 1190)]


def test_metered_usage_is_excluded_or_the_mean_of_three_invoices() -> None:
    usages = (300, 600, 900, 1200)
    invoices = tuple(
        invoice(DATES[n + 1], line("calls", DATES[n], DATES[n + 1], amount * 3, amount=amount))
        for n, amount in enumerate(usages[:4])
    )
    present = fetched("calls")
    assert counted(*invoices, present=present) == []
    assert ledger(customer(Subscription("sub", present, invoices=invoices)))[0].excluded == "usage"
    assert counted(*invoices, present=present, rules={"usage": "trailing_3_invoices"}) == [
        (FEB, MAR, 300),
        (MAR, APR, 450),
        (APR, MAY, 600),
        (MAY, None, 900),
    ]


def test_a_free_plan_is_0_and_says_so() -> None:
    assert [s.excluded for s in ledger(customer(Subscription("sub", fetched("free"))))] == ["free"]


def test_a_price_without_an_amount_is_0_and_says_so() -> None:
    assert [s.excluded for s in ledger(customer(Subscription("sub", fetched("custom"))))] == ["price"]
