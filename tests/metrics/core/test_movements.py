"""A customer's changes, netted and named."""

from datetime import date
from typing import Any

import pytest

from metrics.core.ledger import Segment
from metrics.core.movements import Leg, Movement
from metrics.core.rates import waterfall
from tests.metrics.core.build import at, moved


def segment(start: str, end: str | None, minor: int, item: str = "si", plan: str = "basic") -> Segment:
    return Segment(
        subscription=f"sub_{item}",
        item=item,
        start=at(start),
        end=at(end) if end else None,
        currency="eur",
        price=plan,
        product=f"prod_{plan}",
        interval="1 month",
        quantity=1,
        mrr_micro=minor * 1_000_000,
        committed_micro=minor * 1_000_000,
        contracted=False,
        excluded="" if minor else "paused",
        discounts=(),
        cancellation="cancellation",
        evidence=(),
        start_exact=True,
        end_exact=True,
    )


def kinds(moves: tuple[Movement, ...]) -> list[tuple[str, str, int]]:
    return [(str(one.on), one.kind, one.amount_micro // 1_000_000) for one in moves]


LIFE = (
    segment("2026-01-05", "2026-01-10", 1000),
    segment("2026-01-10", "2026-01-20", 3000, plan="pro"),
    segment("2026-01-20", "2026-02-10", 2000, plan="pro"),
    segment("2026-03-10", None, 2000, plan="pro"),
)


def test_each_kind_has_its_day() -> None:
    assert kinds(moved(LIFE)) == [
        ("2026-01-05", "new", 1000),
        ("2026-01-10", "expansion", 2000),
        ("2026-01-20", "contraction", -1000),
        ("2026-02-10", "churn", -2000),
        ("2026-03-10", "reactivation", 2000),
    ]


def test_a_month_nets_its_changes() -> None:
    assert kinds(moved(LIFE, "month")) == [
        ("2026-01-01", "new", 2000),
        ("2026-02-01", "churn", -2000),
        ("2026-03-01", "reactivation", 2000),
    ]


def test_a_plan_change_has_a_leg_for_each_plan() -> None:
    assert moved(LIFE)[1].legs == (
        Leg("sub_si", "si", "basic", "prod_basic", -1_000_000_000),
        Leg("sub_si", "si", "pro", "prod_pro", 3_000_000_000),
    )


def test_a_change_of_plan_at_the_same_price_is_no_movement_but_two_steps() -> None:
    same = (segment("2026-01-05", "2026-01-10", 1000), segment("2026-01-10", None, 1000, plan="other"))
    assert kinds(moved(same)) == [("2026-01-05", "new", 1000)]


def test_one_subscription_replacing_another_within_a_window_is_no_churn() -> None:
    ledger = (
        segment("2026-01-05", "2026-02-10 09:00", 1000, "si_1"),
        segment("2026-02-10 15:00", None, 1500, "si_2"),
    )
    assert kinds(moved(ledger)) == [("2026-01-05", "new", 1000), ("2026-02-10", "expansion", 500)]
    assert [leg.subscription for leg in moved(ledger)[1].legs] == ["sub_si_1", "sub_si_2"]
    assert [len(one.steps) for one in moved(ledger)] == [1, 2]
    assert [kind for _, kind, _ in kinds(moved(ledger, "event"))] == ["new", "churn", "reactivation"]


def test_a_replacement_across_midnight_depends_on_the_zone() -> None:
    ledger = (
        segment("2026-01-05", "2026-02-10 23:30", 1000, "si_1"),
        segment("2026-02-11 00:30", None, 1000, "si_2"),
    )
    assert [one.kind for one in moved(ledger)] == ["new", "churn", "reactivation"]
    assert [one.kind for one in moved(ledger, zone="America/Los_Angeles")] == ["new"]


def test_a_customer_seen_within_a_day_is_not_new_the_next_day() -> None:
    ledger = (segment("2026-01-05 09:00", "2026-01-05 15:00", 1000), segment("2026-01-06", None, 1000))
    assert kinds(moved(ledger)) == [("2026-01-06", "reactivation", 1000)]


def test_a_return_within_the_first_window_is_still_new() -> None:
    ledger = (segment("2026-01-05 09:00", "2026-01-05 15:00", 1000), segment("2026-01-05 18:00", None, 1200))
    assert kinds(moved(ledger)) == [("2026-01-05", "new", 1200)]


def test_changes_of_one_instant_are_netted_before_anyone_is_above_zero() -> None:
    ledger = (segment("2026-01-05", None, 0), segment("2026-01-07", None, 500, "si_2"))
    assert kinds(moved(ledger)) == [("2026-01-07", "new", 500)]


def test_a_currency_switch_is_churn_plus_new() -> None:
    dollars = segment("2026-02-10", None, 1000)._replace(currency="usd")
    ledger = (segment("2026-01-05", "2026-02-10", 1000), dollars)
    assert [(one.currency, one.kind, one.reasons) for one in moved(ledger)] == [
        ("eur", "new", ("started",)),
        ("eur", "churn", ("revalued", "currency_switch")),
        ("usd", "new", ("revalued", "currency_switch")),
    ]


def test_another_change_beside_a_currency_switch_is_not_marked() -> None:
    euros = (segment("2026-01-05", "2026-02-10", 1000), segment("2026-02-10", None, 2000))
    dollars = tuple(
        one._replace(subscription="sub_2", item="si_2", currency="usd")
        for one in (segment("2026-02-10", None, 5),)
    )
    assert [one.reasons for one in moved((*euros, *dollars))][1:] == [("revalued",), ("started",)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quantity": 2}, "quantity"),
        ({"price": "basic_2"}, "price_change"),
        ({"product": "prod_2", "price": "p2"}, "plan_change"),
        ({"interval": "1 year", "price": "p2"}, "plan_change"),
        ({"discounts": ("di",)}, "discount_started"),
        ({}, "revalued"),
    ],
)
def test_a_difference_has_its_reason(change: dict[str, Any], reason: str) -> None:
    after = segment("2026-02-10", None, 1500)._replace(**change)
    moves = moved((segment("2026-01-05", "2026-02-10", 1000), after))
    assert moves[1].reasons == (reason,)


@pytest.mark.parametrize(
    ("rule", "leaves", "returns"),
    [
        ("paused", "paused", "resumed"),
        ("unpaid", "payment_failure", "payment_recovered"),
        ("payment_failure", "payment_failure", "payment_recovered"),
        ("discount", "discount_started", "discount_ended"),
        ("free", "plan_change", "plan_change"),
        ("refund", "refund", "started"),
        ("cancellation", "cancellation", "started"),
    ],
)
def test_leaving_and_returning_name_the_rule(rule: str, leaves: str, returns: str) -> None:
    silent = segment("2026-01-10", "2026-01-20", 0)._replace(excluded=rule)
    ledger = (segment("2026-01-05", "2026-01-10", 1000), silent, segment("2026-01-20", None, 1000))
    assert [one.reasons for one in moved(ledger)] == [("started",), (leaves,), (returns,)]


def test_items_that_come_and_go_beside_others_say_so() -> None:
    beside = segment("2026-01-01", None, 1000)._replace(subscription="sub_si_2")
    other = segment("2026-01-10", "2026-01-20", 500, "si_2")
    assert [one.reasons for one in moved((beside, other))] == [
        ("started",),
        ("item_added",),
        ("item_removed",),
    ]


def test_windows_of_a_month_bear_the_first_of_the_month() -> None:
    ledger = (segment("2026-02-01 07:30", None, 1000),)
    assert moved(ledger, "month", "America/Los_Angeles")[0].on == date(2026, 1, 1)
    assert moved(ledger, "month", "Asia/Kolkata")[0].on == date(2026, 2, 1)


def test_four_clients_make_the_months_waterfall() -> None:
    before, change = "2026-09-01", "2026-10-10"
    clients = {"a": (10_000, 22_000), "b": (15_000, 13_000), "c": (0, 5_000), "d": (11_000, 0)}
    net = []
    for name, (old, new) in clients.items():
        spans = [segment(before, change, old, name)] * (old > 0) + [segment(change, None, new, name)] * (
            new > 0
        )
        net += [(m.kind, m.amount_micro) for m in moved(tuple(spans), "month") if m.on == date(2026, 10, 1)]
    flow = waterfall("eur", 36_000_000_000, net)
    assert [n // 1_000_000 for n in (flow.new, flow.expansion, flow.contraction, flow.churn)] == [
        5_000,
        12_000,
        2_000,
        11_000,
    ]
    assert (flow.net_new, flow.ending, flow.residual) == (4_000_000_000, 40_000_000_000, 0)


def test_a_customer_without_subscriptions_has_no_movement() -> None:
    assert moved(()) == ()
