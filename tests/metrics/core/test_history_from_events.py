"""What was configured from when to when, from events alone and together with lines."""

from metrics.core.facts import (
    Subscription,
)
from tests.metrics.core.build import (
    at,
    customer,
    invoice,
    item,
    ledger,
    line,
    precision,
    spans,
    state,
)
from tests.metrics.core.told import APR, FEB, JAN, MAR, months, now, pair, told


def test_events_alone_make_the_history() -> None:
    snapshots = (
        state(JAN, JAN, item("basic")),
        state("2026-01-10", JAN, item("pro", 2)),
        state("2026-01-20", JAN, item("pro", 2), item("basic", id="si_2")),
        state("2026-01-25", JAN, item("pro", None)),
        state(MAR, JAN, item("pro"), status="canceled", ended_at=at(MAR)),
    )
    assert told(snapshots=snapshots) == [
        (JAN, "2026-01-10", 1000),
        ("2026-01-10", "2026-01-25", 6000),
        ("2026-01-25", MAR, 3000),
        ("2026-01-20", "2026-01-25", 1000),
    ]


def test_an_event_replayed_twice_or_out_of_order_changes_nothing() -> None:
    snapshots = [state(day, JAN, item(name)) for day, name in ((JAN, "basic"), (FEB, "pro"), (MAR, "basic"))]
    once = told(snapshots=tuple(snapshots))
    assert told(snapshots=(snapshots[2], snapshots[0], snapshots[1], snapshots[1])) == once


def test_a_clock_that_ran_backwards_brings_no_ended_subscription_back() -> None:
    end = state(FEB, JAN, item("basic"), status="canceled", ended_at=at(FEB))
    late = state("2026-02-02", JAN, item("basic"))
    assert told(snapshots=(end, late, state(JAN, JAN, item("basic")))) == [(JAN, FEB, 1000)]


def test_lines_speak_before_the_first_event_and_events_from_it_on() -> None:
    snapshots = (
        state("2026-02-10", JAN, item("basic")),
        state("2026-02-20", JAN, item("pro")),
    )
    change = "2026-01-10"
    invoices = (
        invoice(JAN, line("free", JAN, FEB)),
        invoice(change, *pair(change, FEB, "free", "basic")),
        *months("", "basic", "pro"),
    )
    assert told(*invoices, snapshots=snapshots, present=now(item("pro"))) == [
        (change, "2026-02-20", 1000),
        ("2026-02-20", None, 3000),
    ]


def test_an_item_gone_before_the_first_event_ends_with_its_period_or_the_event() -> None:
    other = line("pro", JAN, MAR)._replace(subscription_item="si_2")
    invoices = (invoice(JAN, line("basic", JAN, FEB), other), *months("", "basic"))
    shown = state("2026-02-10", JAN, item("basic"))
    assert told(*invoices, snapshots=(shown,)) == [(JAN, None, 1000), (JAN, "2026-02-10", 3000)]


def test_an_item_of_unknown_period_missing_in_the_present_state_ends_when_seen() -> None:
    snapshots = (state(JAN, JAN, item("basic"), item("pro", id="si_2")),)
    assert told(snapshots=snapshots, present=now(item("basic"))) == [
        (JAN, None, 1000),
        (JAN, "2026-03-15", 3000),
    ]


def test_a_change_that_no_event_told_begins_with_the_next_period() -> None:
    shown = state(FEB, JAN, item("basic", current_period_end=at(MAR)))
    valued = ledger(customer(Subscription("sub", now(item("pro")), (shown,))))
    assert spans(valued) == [(JAN, MAR, 1000), (MAR, None, 3000)]
    assert precision(valued[0]) == "period"


def test_a_present_state_older_than_the_last_event_is_ignored() -> None:
    shown = state(APR, JAN, item("pro"))
    assert told(snapshots=(shown,), present=now(item("basic"))) == [(JAN, None, 3000)]
