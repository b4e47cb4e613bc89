"""When a subscription counts: statuses, trials, first payment, pauses, failing payments."""

import pytest

from metrics.core.facts import Subscription
from tests.metrics.core.basic import (
    APR,
    FEB,
    JAN,
    MAR,
    MAY,
    counted,
    fetched,
    logged,
    monthly,
    reasons,
    unpaid,
)
from tests.metrics.core.build import (
    at,
    customer,
    discount,
    invoice,
    item,
    ledger,
    line,
    precision,
    spans,
    state,
)

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
    free = invoice(JAN, line("basic", JAN, FEB)._replace(discounts=("di",), discount_amount=1000))
    discounts = {"di": discount("di", "once", JAN)}
    assert counted(free, present=fetched(), discounts=discounts) == [(JAN, None, 1000)]


def test_a_free_plan_that_upgrades_counts_from_its_first_payment() -> None:
    invoices = (
        invoice(JAN, line("free", JAN, FEB)),
        monthly(1)._replace(paid_at=at("2026-02-03")),
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
    assert precision(ledger(facts)[0]) == "period"
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
    both = draft._replace(lines=(*draft.lines, draft.lines[0]._replace(subscription_item="si_2")))
    mixed = unpaid(1)._replace(lines=(draft.lines[0]._replace(subscription_item="si_3"),))
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
    bare = fetched(status="unpaid")._replace(items=(item("basic"),))
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
