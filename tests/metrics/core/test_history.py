"""What was configured from when to when, from lines alone, events alone, and both."""

from typing import Any

import pytest

from metrics.core.facts import (
    Phase,
    Subscription,
)
from metrics.core.history import history
from metrics.core.record import SetAside
from tests.metrics.core.build import (
    CATALOGUE,
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
from tests.metrics.core.told import APR, FEB, JAN, MAR, months, now, pair, told


def test_renewals_of_the_same_terms_are_one_segment() -> None:
    valued = ledger(customer(Subscription("sub", now(item("basic")), invoices=months("basic", "basic"))))
    assert spans(valued) == [(JAN, None, 1000)]
    assert precision(valued[0]) == "exact"
    assert [name.split("/")[0] for name in valued[0].evidence] == ["in_2026-01-01", "in_2026-02-01"]


def test_line_ids_that_repeat_on_other_invoices_are_lines_of_their_own() -> None:
    invoices = (
        invoice(
            JAN,
            line("basic", JAN, FEB, id="il_1"),
            line("pro", JAN, FEB, id="il_2", subscription_item="si_2"),
        ),
        invoice(
            FEB, line("pro", FEB, MAR, id="il_1"), line("pro", FEB, MAR, id="il_2", subscription_item="si_2")
        ),
    )
    both = now(item("pro"), item("pro")._replace(id="si_2"))
    assert told(*invoices, present=both) == [(JAN, FEB, 1000), (FEB, None, 3000), (JAN, None, 3000)]


def test_a_prorated_upgrade_is_dated_by_its_pair() -> None:
    change = "2026-01-10"
    invoices = (
        *months("basic"),
        invoice(FEB, *pair(change, FEB, "basic", "pro"), line("pro", FEB, MAR)),
    )
    assert told(*invoices, present=now(item("pro"))) == [(JAN, change, 1000), (change, None, 3000)]


def test_changes_undone_before_billing_leave_their_days() -> None:
    first, second = "2026-01-10", "2026-01-20"
    pending = (*pair(first, FEB, "basic", "pro"), *pair(second, FEB, "pro", "basic"))
    invoices = (*months("basic"), invoice(FEB, *pending, line("basic", FEB, MAR)))
    assert told(*invoices, present=now(item("basic"))) == [
        (JAN, first, 1000),
        (first, second, 3000),
        (second, None, 1000),
    ]


def test_a_change_undone_in_the_same_second_leaves_no_trace() -> None:
    change = "2026-01-10"
    pending = (*pair(change, FEB, "basic", "pro"), *pair(change, FEB, "pro", "basic"))
    invoices = (*months("basic"), invoice(FEB, *pending, line("basic", FEB, MAR)))
    assert told(*invoices, present=now(item("basic"))) == [(JAN, None, 1000)]


def test_two_changes_in_the_same_second_end_at_the_last() -> None:
    change = "2026-01-10"
    both = (*pair(change, FEB, "basic", "pro"), *pair(change, FEB, "pro", "pro", 1, 2))
    invoices = (*months("basic"), invoice(FEB, *both, line("pro", FEB, MAR, 2)))
    assert told(*invoices, present=now(item("pro", 2))) == [(JAN, change, 1000), (change, None, 6000)]


def test_a_prorated_change_at_the_renewal_replaces_it() -> None:
    invoices = (
        *months("basic"),
        invoice(FEB, line("basic", FEB, MAR), *pair(FEB, MAR, "basic", "pro")),
        invoice(MAR, line("pro", MAR, APR)),
    )
    assert told(*invoices, present=now(item("pro"))) == [(JAN, FEB, 1000), (FEB, None, 3000)]


def test_a_switch_to_a_year_shows_as_a_full_line() -> None:
    change = "2026-01-10"
    credit, _ = pair(change, FEB, "basic", "basic")
    invoices = (*months("basic"), invoice(change, credit, line("yearly", change, "2027-01-10", amount=12000)))
    valued = ledger(customer(Subscription("sub", now(item("yearly")), invoices=invoices)))
    assert [(s.price, s.contracted, precision(s)) for s in valued] == [
        ("basic", False, "exact"),
        ("yearly", True, "exact"),
    ]


def test_a_change_without_proration_is_dated_at_the_renewal_and_marked() -> None:
    valued = ledger(customer(Subscription("sub", now(item("pro")), invoices=months("basic", "pro", "pro"))))
    assert spans(valued) == [(JAN, FEB, 1000), (FEB, None, 3000)]
    assert [precision(s) for s in valued] == ["period", "period"]


def test_a_change_since_the_last_line_begins_with_the_next_period() -> None:
    valued = ledger(
        customer(Subscription("sub", now(item("pro")), invoices=months("basic", "basic", "basic")))
    )
    assert spans(valued) == [(JAN, APR, 1000), (APR, None, 3000)]
    assert precision(valued[1]) == "period"


def test_a_schedules_phase_dates_a_change_exactly() -> None:
    phases = (Phase(at("2026-03-05"), (("yearly", 1),)), Phase(at("2026-03-10"), (("pro", 1),)))
    valued = ledger(
        customer(Subscription("sub", now(item("pro")), invoices=months("basic") * 1, phases=phases))
    )
    assert spans(valued) == [(JAN, "2026-03-10", 1000), ("2026-03-10", None, 3000)]
    assert precision(valued[1]) == "exact"


def test_an_item_gone_without_credit_ends_with_its_period() -> None:
    other = line("pro", JAN, FEB)._replace(subscription_item="si_2")
    invoices = (invoice(JAN, line("basic", JAN, FEB), other), invoice(FEB, line("basic", FEB, MAR)))
    assert told(*invoices, present=now(item("basic"))) == [(JAN, None, 1000), (JAN, FEB, 3000)]


def test_an_item_gone_with_a_credit_ends_at_the_credit() -> None:
    credit = pair("2026-01-10", FEB, "pro", "pro")[0]._replace(subscription_item="si_2")
    other = line("pro", JAN, FEB)._replace(subscription_item="si_2")
    invoices = (invoice(JAN, line("basic", JAN, FEB), other), invoice(FEB, credit, line("basic", FEB, MAR)))
    assert told(*invoices, present=now(item("basic"))) == [(JAN, None, 1000), (JAN, "2026-01-10", 3000)]


def test_a_subscription_known_by_lines_alone_ends_with_its_last_period() -> None:
    assert told(*months("basic", "basic")) == [(JAN, MAR, 1000)]


def test_a_credit_alone_ends_a_subscription_known_by_lines() -> None:
    invoices = (*months("basic"), invoice(FEB, pair("2026-01-10", FEB, "basic", "pro")[0]))
    assert told(*invoices) == [(JAN, "2026-01-10", 1000)]


def test_an_ended_subscription_is_clipped() -> None:
    ended = now(item("basic"), status="canceled", ended_at=at("2026-01-20"))
    assert told(*months("basic"), present=ended) == [(JAN, "2026-01-20", 1000)]


@pytest.mark.parametrize("more", [{"canceled_at": at("2026-01-20")}, {"at": at("2026-01-20")}])
def test_an_archive_may_tell_only_that_it_was_canceled(more: dict[str, Any]) -> None:
    assert told(*months("basic"), present=now(item("basic"), status="canceled", **more)) == [
        (JAN, "2026-01-20", 1000)
    ]


def test_one_line_over_several_periods_is_valued_by_the_price() -> None:
    assert told(invoice(JAN, line("basic", JAN, APR, amount=3000)), present=now(item("basic"))) == [
        (JAN, None, 1000)
    ]


def test_an_imported_subscription_counts_from_its_start() -> None:
    present = now(item("basic"), start_date=at("2025-06-01"))
    assert told(*months("", "basic"), present=present) == [("2025-06-01", None, 1000)]


def test_an_item_added_later_begins_when_it_was_made() -> None:
    second = item("pro", id="si_2", created=at("2026-02-10"))
    assert told(*months("basic"), present=now(item("basic"), second)) == [
        (JAN, None, 1000),
        ("2026-02-10", None, 3000),
    ]


def test_an_item_without_a_known_signing_day_is_compared_with_the_start() -> None:
    first = item("basic", created=at(JAN) + 60)
    assert told(present=now(first, created=None)) == [(JAN, None, 1000)]


def test_a_subscription_that_changes_currency_keeps_both() -> None:
    invoices = (*months("basic"), invoice(FEB, line("basic", FEB, MAR))._replace(currency="usd"))
    valued = ledger(customer(Subscription("sub", now(item("basic"), currency="usd"), invoices=invoices)))
    assert [(s.currency, s.excluded) for s in valued] == [("eur", ""), ("usd", "price")]


def test_one_off_lines_are_no_history() -> None:
    setup = line("setup", JAN, JAN)
    loose = setup._replace(subscription_item=None)
    facts = customer(Subscription("sub", invoices=(invoice(JAN, setup, loose),)))
    assert history(facts, CATALOGUE) == history(customer(), CATALOGUE)


def test_facts_that_cannot_be_used_are_set_aside_once() -> None:
    lost = line("basic", JAN, FEB)._replace(id="il_lost", price="gone")
    empty = line("basic", JAN, JAN)._replace(id="il_empty")
    discounts = {
        "di_1": discount("di_1", "gone", JAN),
        "di_2": discount("di_2", "half", FEB, JAN),
        "di_3": discount("di_3", "half", JAN),
        "di_4": discount("di_4", "five", JAN),
    }
    states = tuple(state(day, JAN, item("gone"), currency="usd") for day in (JAN, FEB))
    facts = customer(
        Subscription("sub", snapshots=states, invoices=(invoice(JAN, lost, empty),)), discounts=discounts
    )
    assert history(facts, CATALOGUE).set_aside == (
        SetAside("si", "unknown_price"),
        SetAside("in_2026-01-01/il_lost", "unknown_price"),
        SetAside("in_2026-01-01/il_empty", "empty_period"),
        SetAside("di_1", "unknown_coupon"),
        SetAside("di_2", "ends_before_start"),
        SetAside("di_4", "coupon_of_another_currency"),
    )
    assert history(facts, CATALOGUE).configurations == ()


def test_lines_that_overlap_follow_the_later_start() -> None:
    invoices = (
        invoice(JAN, line("basic", JAN, MAR)),
        invoice(FEB, line("pro", "2026-01-20", FEB)),
    )
    assert told(*invoices, present=now(item("pro"))) == [
        (JAN, "2026-01-20", 1000),
        ("2026-01-20", None, 3000),
    ]


def test_an_invoice_of_10_000_lines_is_read_whole() -> None:
    many = tuple(
        line("basic", JAN, FEB)._replace(id=f"il_{n}", subscription_item=f"si_{n}") for n in range(10_000)
    )
    facts = customer(Subscription("sub", invoices=(invoice(JAN, *many),)))
    assert len(history(facts, CATALOGUE).configurations) == 10_000
