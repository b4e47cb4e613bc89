"""For how much an item counts, and until when: cancellation, refunds, discounts, tax, usage."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from metrics.core.facts import CreditNote, Invoice, Refund, Subscription
from tests.metrics.core.basic import (
    APR,
    DATES,
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
    moved,
    precision,
    spans,
)

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
        cancellation="cancellation:cancellation_requested:too_expensive",
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
    back = Refund("re", 1000, payments=("pi_1",))
    assert refunded(back) == [(JAN, FEB, 1000)]
    assert refunded(back, refunds_netted_out=False) == KEPT


@pytest.mark.parametrize(
    "back",
    [
        Refund("re", 999, payments=("pi_1",)),
        Refund("re", 1000, payments=("pi_0",)),
        Refund("re", 1000, payments=("pi_1",), status="failed"),
        Refund("re", 1000, payments=("ch_untied",)),
    ],
)
def test_other_refunds_change_nothing(back: Refund) -> None:
    assert refunded(back) == KEPT


def test_a_refund_to_a_customer_who_stays_changes_nothing() -> None:
    assert refunded(Refund("re", 1000, payments=("pi_1",)), ended=None) == [(JAN, None, 1000)]


def test_a_refund_is_tied_by_a_credit_note_where_no_payment_ties_it() -> None:
    note = CreditNote("in_2026-02-01", (("re", 600), ("re_unknown", 400)), out_of_band_amount=400)
    back = Refund("re", 600)
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
    with_it = invoice(FEB, line("basic", FEB, MAR)._replace(discounts=("di",), discount_amount=500))
    invoices = (monthly(0), with_it, monthly(2))
    discounts = {"di": discount("di", "half", FEB), "di_other": discount("di_other", "half", JAN)}
    facts = customer(Subscription("sub", fetched(), invoices=invoices), discounts=discounts)
    valued = ledger(facts)
    assert spans(valued) == [(JAN, FEB, 1000), (FEB, MAR, 500), (MAR, None, 1000)]
    assert precision(valued[1]) == "period"
    assert [one.reasons for one in moved(valued)][1:] == [("discount_started",), ("discount_ended",)]


def test_a_discount_gone_in_the_present_state_ends_with_its_last_line() -> None:
    with_it = invoice(FEB, line("basic", FEB, MAR)._replace(discounts=("di",), discount_amount=500))
    discounts = {"di": discount("di", "half", FEB)}
    assert counted(monthly(0), with_it, present=fetched(), discounts=discounts)[1:] == [
        (FEB, MAR, 500),
        (MAR, None, 1000),
    ]


def test_a_line_after_the_first_event_brings_no_discount_back() -> None:
    snapshots = logged((JAN, {"discounts": ("di",)}), (FEB, {}))
    late = invoice(MAR, line("basic", MAR, APR), discounts=("di",))
    discounts = {"di": discount("di", "half", JAN)}
    assert counted(late, snapshots=snapshots, discounts=discounts) == [(JAN, FEB, 500), (FEB, None, 1000)]


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
    present = fetched()._replace(items=items)
    invoices = (
        invoice(
            JAN,
            line("basic", JAN, FEB)._replace(discounts=("di",)),
            line("basic", JAN, FEB)._replace(subscription_item="si_2"),
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


@pytest.mark.parametrize(
    ("setting", "counted"),
    [
        ("forever_and_repeating", ("half", "tenth")),
        ("forever", ("half",)),
        ("all", ("half", "once", "tenth")),
        ("none", ()),
    ],
)
def test_the_setting_chooses_durations(setting: str, counted: tuple[str, ...]) -> None:
    names = ("half", "tenth", "once", "gone")
    discounts = {name: discount(name, name, JAN) for name in names}
    facts = customer(Subscription("sub", fetched(discounts=names)), discounts=discounts)
    assert ledger(facts, discounts=setting)[0].discounts == counted


# Tax, usage, free plans


def test_inclusive_tax_comes_from_the_latest_regular_line() -> None:
    taxed = invoice(FEB, line("basic", FEB, MAR)._replace(inclusive_tax=160))
    nothing = invoice(MAR, line("basic", MAR, APR)._replace(discount_amount=1000))
    assert counted(monthly(0), taxed, nothing, present=fetched()) == [(JAN, None, 840)]


def test_inclusive_tax_comes_from_the_tax_rates_without_a_line() -> None:
    present = fetched()._replace(items=(item("basic", inclusive_tax_percent=Fraction(25)),))
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
