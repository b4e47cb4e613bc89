"""The identities of the definitions, section 3, on random histories."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.core.definition import Definition
from metrics.core.facts import (
    Customer,
    Discount,
    Invoice,
    ItemState,
    Line,
    Subscription,
    SubscriptionState,
)
from metrics.core.history import history
from metrics.core.intervals import add_months, windows
from metrics.core.ledger import Segment, segments
from metrics.core.movements import movements, steps
from metrics.core.netting import changes as changes_of
from metrics.core.netting import nets
from metrics.core.rates import waterfall
from tests.metrics.core.build import CATALOGUE, at

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland")
WINDOWS = ("day", "event", "month")
BEGAN, HOUR = at("2025-10-25"), 3_600
PRICES = ("basic", "pro", "free")


@dataclass(frozen=True)
class Script:
    """A monthly subscription's life: its terms from hour to hour, then perhaps its end."""

    began: int
    terms: tuple[tuple[int, str, int], ...]
    ended: int | None


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    began = BEGAN + draw(st.integers(0, 2_000)) * HOUR
    hours = sorted(draw(st.sets(st.integers(1, 4_000), max_size=6)))
    chosen = [(draw(st.sampled_from(PRICES)), draw(st.integers(1, 9))) for _ in range(len(hours) + 1)]
    times = [began, *(began + hour * HOUR for hour in hours)]
    ended = draw(st.none() | st.integers(4_001, 5_000))
    return Script(
        began,
        tuple((when, *one) for when, one in zip(times, chosen, strict=True)),
        None if ended is None else began + ended * HOUR,
    )


def shown(script: Script, when: int, *, logged: bool) -> SubscriptionState:
    price, quantity = [terms[1:] for terms in script.terms if terms[0] <= when][-1]
    over = script.ended is not None and when >= script.ended
    return SubscriptionState(
        at=when,
        status="canceled" if over else "active",
        currency="eur",
        start_date=script.began,
        items=(ItemState("si", price, quantity, script.began),),
        event=f"evt_{when}" if logged else None,
        created=script.began,
        canceled_at=script.ended if over else None,
        ended_at=script.ended if over else None,
    )


def logged(script: Script, since: int = 0) -> tuple[SubscriptionState, ...]:
    times = [when for when, *_ in script.terms] + ([script.ended] if script.ended else [])
    return tuple(shown(script, when, logged=True) for when in times if when >= since)


def billed(script: Script) -> tuple[Invoice, ...]:
    """Return the invoices: full lines at renewals, and with them the prorations since the last."""
    now = script.ended or script.began + 6_000 * HOUR
    invoices: list[Invoice] = []
    pending: list[Line] = []
    number = 0
    changes = list(pairwise(script.terms))
    start = script.began
    while start < now:
        end = add_months(script.began, number + 1)
        price, quantity = [terms[1:] for terms in script.terms if terms[0] <= start][-1]
        full = Line("il", "si", price, quantity, 100, start, end)
        invoices.append(
            Invoice(f"in_{number}", "paid", start, (*pending, full), "eur", finalized_at=start, paid_at=start)
        )
        pending = []
        for (_, old, before), (when, new, after) in changes:
            if start < when < end:
                pending.append(Line("c", "si", old, before, -1, when, end, proration=True, credited=True))
                pending.append(Line("d", "si", new, after, 1, when, end, proration=True))
        start, number = end, number + 1
    last = Invoice("in_last", "draft", start, tuple(pending), "eur")
    return (*invoices, last)


def valued(customer: Customer) -> tuple[Segment, ...]:
    return segments(history(customer, CATALOGUE).configurations, CATALOGUE, Definition())


def outline(ledger: Iterable[Segment]) -> list[tuple[int, int | None, str, int, int]]:
    return [(one.start, one.end, one.price, one.quantity, one.mrr_micro) for one in ledger]


def truth(script: Script) -> list[tuple[int, int | None, str, int, int]]:
    """Return what the script meant, equal neighbours joined."""
    ends = [*(when for when, *_ in script.terms[1:]), script.ended]
    told = []
    for _, same in groupby(zip(script.terms, ends, strict=True), key=lambda pair: pair[0][1:]):
        group = list(same)
        (start, price, quantity), end = group[0][0], group[-1][1]
        (tier,) = CATALOGUE.prices[price].amounts["eur"]
        told.append((start, end, price, quantity, int(tier.unit_amount * quantity * 1_000_000)))
    return told


def of(*subscriptions: Subscription) -> Customer:
    return Customer("cus", subscriptions, {})


@given(scripts())
@settings(deadline=None)
def test_lines_alone_tell_the_whole_history(script: Script) -> None:
    present = shown(script, script.ended or script.began + 6_000 * HOUR, logged=False)
    assert outline(valued(of(Subscription("sub", present, (), billed(script))))) == truth(script)


@given(scripts())
@settings(deadline=None)
def test_events_alone_tell_the_whole_history(script: Script) -> None:
    assert outline(valued(of(Subscription("sub", None, logged(script))))) == truth(script)


@given(scripts(), st.integers(0, 5_000))
@settings(deadline=None)
def test_events_since_any_day_and_lines_before_tell_the_same(script: Script, hours: int) -> None:
    present = shown(script, script.ended or script.began + 6_000 * HOUR, logged=False)
    late = logged(script, script.began + hours * HOUR)
    assert outline(valued(of(Subscription("sub", present, late, billed(script))))) == truth(script)


@given(scripts(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_events_twice_and_out_of_order_change_nothing(script: Script, random: Random) -> None:
    events = list(logged(script)) * 2
    random.shuffle(events)
    assert outline(valued(of(Subscription("sub", None, tuple(events))))) == truth(script)


def balance(ledger: Iterable[Segment], when: int) -> int:
    return sum(one.mrr_micro for one in ledger if one.start <= when and (one.end is None or when < one.end))


lives = st.lists(scripts(), min_size=1, max_size=3).map(
    lambda drawn: valued(
        of(
            *(
                Subscription(f"sub_{number}", None, tuple(renamed(state, number) for state in logged(script)))
                for number, script in enumerate(drawn)
            )
        )
    )
)


def renamed(state: SubscriptionState, number: int) -> SubscriptionState:
    return state._replace(items=tuple(item._replace(id=f"si_{number}") for item in state.items))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", WINDOWS)
@given(ledger=lives)
@settings(max_examples=25, deadline=None)
def test_movements_explain_every_window(window: str, zone: str, ledger: tuple[Segment, ...]) -> None:
    cut, changes = windows(window, zone), steps(ledger)
    found = movements(changes, cut)
    assert sorted(nets(changes_of(ledger), cut)) == sorted(
        (m.on, m.kind, m.currency, m.amount_micro) for m in found
    )
    carried = 0
    for key in dict.fromkeys(cut.key(step.at) for step in changes):
        within = [(m.kind, m.amount_micro) for m in found if cut.key(m.at) == key]
        last = max(step.at for step in changes if cut.key(step.at) == key)
        flow = waterfall("eur", carried, within)
        assert flow.residual == 0
        assert flow.ending == balance(ledger, last)
        carried = flow.ending
    assert carried == balance(ledger, 2**40)


@pytest.mark.parametrize("zone", ZONES)
@given(ledger=lives)
@settings(max_examples=25, deadline=None)
def test_months_equal_their_days_by_net(zone: str, ledger: tuple[Segment, ...]) -> None:
    by_day, by_month = (movements(steps(ledger), windows(kind, zone)) for kind in ("day", "month"))
    months: dict[str, int] = {}
    for move in by_day:
        month = str(move.on)[:7]
        months[month] = months.get(month, 0) + move.amount_micro
    assert {key: net for key, net in months.items() if net} == {
        str(move.on)[:7]: move.amount_micro for move in by_month
    }


@pytest.mark.parametrize("window", WINDOWS)
@given(ledger=lives)
@settings(max_examples=25, deadline=None)
def test_legs_and_steps_sum_to_their_movement(window: str, ledger: tuple[Segment, ...]) -> None:
    for move in movements(steps(ledger), windows(window, "UTC")):
        assert sum(leg.amount_micro for leg in move.legs) == move.amount_micro
        assert sum(step.amount_micro for step in move.steps) == move.amount_micro
        assert (move.amount_micro > 0) == (move.kind in ("new", "reactivation", "expansion"))


@given(ledger=lives)
@settings(deadline=None)
def test_steps_of_a_plan_sum_to_its_balance(ledger: tuple[Segment, ...]) -> None:
    plans: dict[str, int] = {}
    for step in steps(ledger):
        plans[step.price] = plans.get(step.price, 0) + step.amount_micro
        assert plans[step.price] >= 0 or any(other.at == step.at for other in steps(ledger))
    for price, amount in plans.items():
        assert amount == balance((one for one in ledger if one.price == price), 2**40)


@given(ledger=lives)
@settings(deadline=None)
def test_new_comes_first_and_only_once(ledger: tuple[Segment, ...]) -> None:
    for window in WINDOWS:
        kinds = [move.kind for move in movements(steps(ledger), windows(window, "UTC"))]
        assert kinds.count("new") <= 1
        assert "new" not in kinds[1:]


@given(ledger=lives)
@settings(deadline=None)
def test_segments_of_one_item_never_overlap(ledger: tuple[Segment, ...]) -> None:
    for (_, first), (_, second) in pairwise((one.item, one) for one in ledger):
        if first.item == second.item:
            assert first.end is not None
            assert first.end <= second.start
        assert first.end is None or first.start < first.end


@given(scripts(), st.lists(st.sampled_from(sorted(CATALOGUE.coupons)), max_size=3), st.integers(0, 4_000))
@settings(deadline=None)
def test_no_coupon_makes_mrr_negative_or_larger(script: Script, coupons: list[str], hours: int) -> None:
    discounts = {
        f"di_{n}": Discount(f"di_{n}", coupon, script.began + hours * HOUR, None, "sub")
        for n, coupon in enumerate(coupons)
    }
    states = tuple(state._replace(discounts=tuple(discounts)) for state in logged(script))
    facts = replace(of(Subscription("sub", None, states)), discounts=discounts)
    rows = history(facts, CATALOGUE).configurations
    for setting in ("forever_and_repeating", "forever", "all", "none"):
        ledger = segments(rows, CATALOGUE, Definition(discounts=setting))
        for start, _, price, quantity, full in truth(script):
            for one in ledger:
                if (one.price, one.quantity) == (price, quantity) and one.start >= start:
                    assert 0 <= one.mrr_micro <= full
