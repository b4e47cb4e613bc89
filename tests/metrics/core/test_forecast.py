"""The forecast against a small computation of its own, and what must hold whatever the months."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.core.forecast import (
    MONTHS_SEEN,
    Assumptions,
    Point,
    UnlikeCurrenciesError,
    averages,
    forecast,
    lacks_months,
    look_back,
)
from metrics.core.rates import Waterfall, waterfall

KINDS = ("new", "expansion", "reactivation", "contraction", "churn")


def month(start: int, *moved: int, currency: str = "eur") -> Waterfall:
    signs = (1, 1, 1, -1, -1)
    return waterfall(currency, start, [(k, s * m) for k, s, m in zip(KINDS, signs, moved, strict=True)])


def told(point: Point) -> tuple[object, ...]:
    return point.low, point.likely, point.high


@st.composite
def histories(draw: st.DrawFn, least: int = MONTHS_SEEN, most: int = 20) -> list[Waterfall]:
    """Draw months that follow each other, none of them starting with nothing."""
    start, found = draw(st.integers(1_000, 10**12)), []
    for _ in range(draw(st.integers(least, most))):
        won = [draw(st.integers(0, start // 3)) for _ in range(3)]
        contraction = draw(st.integers(0, start // 4))
        churn = draw(st.integers(0, start // 4))
        found.append(month(start, *won, contraction, churn))
        start = found[-1].ending
    return found


def by_hand(start: int, seen: list[Waterfall], months: int) -> list[Fraction]:
    """Carry an MRR on month by month, from amounts alone."""
    mrr, found = Fraction(start), [Fraction(start)]
    for _ in range(months):
        change = Fraction(0)
        for flow in seen:
            moved = flow.ending - flow.starting - flow.new
            change += (flow.new + mrr * moved / flow.starting) / len(seen)
        mrr += change
        found.append(mrr)
    return found


@settings(max_examples=15, deadline=None)
@given(histories())
def test_what_is_likely_equals_a_computation_from_amounts_alone(flows: list[Waterfall]) -> None:
    seen = flows[-MONTHS_SEEN:]
    found = forecast(flows[-1].ending, seen, 12)
    assert [point.likely for point in found] == by_hand(flows[-1].ending, seen, 12)


@settings(max_examples=15, deadline=None)
@given(histories())
def test_the_range_holds_what_is_likely(flows: list[Waterfall]) -> None:
    for point in forecast(flows[-1].ending, flows[-MONTHS_SEEN:], 12):
        assert 0 <= point.low <= point.likely <= point.high


@settings(max_examples=15, deadline=None)
@given(histories())
def test_a_look_back_of_no_months_is_exact(flows: list[Waterfall]) -> None:
    found = look_back(flows, 0)
    assert found is not None
    assert found.error == 0
    assert found.is_within
    assert found.actual == flows[-1].ending


@settings(max_examples=15, deadline=None)
@given(histories(least=9), st.integers(1, 3))
def test_a_look_back_knows_nothing_of_what_came_since(flows: list[Waterfall], months: int) -> None:
    then = flows[:-months]
    found = look_back(flows, months)
    assert found is not None
    assert found.point.likely == by_hand(then[-1].ending, then[-MONTHS_SEEN:], months)[-1]
    assert found.error == found.point.likely / flows[-1].ending - 1


def test_without_movements_it_stays_flat_without_a_range() -> None:
    still = [month(5_000, 0, 0, 0, 0, 0)] * MONTHS_SEEN
    assert {told(point) for point in forecast(5_000, still, 12)} == {(5_000, 5_000, 5_000)}


def test_the_same_month_again_and_again_has_no_range() -> None:
    grows = [month(10_000, 0, 600, 0, 100, 0)] * MONTHS_SEEN
    (point,) = forecast(20_000, grows, 1)[1:]
    assert told(point) == (21_000, 21_000, 21_000)


def test_the_range_is_the_mean_of_the_weaker_and_of_the_stronger_half() -> None:
    seen = [month(1_000, new, 0, 0, 0, 0) for new in (0, 10, 20, 30, 40, 50)]
    (point,) = forecast(1_000, seen, 1)[1:]
    assert told(point) == (1_010, 1_025, 1_040)


def test_the_range_keeps_its_width_about_what_is_assumed() -> None:
    seen = [month(1_000, new, 0, 0, 0, 0) for new in (0, 10, 20, 30, 40, 50)]
    assumed = Assumptions(Fraction(100), Fraction(0), Fraction(0), Fraction(0), Fraction(1, 10))
    (point,) = forecast(1_000, seen, 1, assumed)[1:]
    assert told(point) == (985, 1_000, 1_015)


def test_mrr_never_falls_below_nothing() -> None:
    gone = [month(1_000, 0, 0, 0, 0, 1_000)] * MONTHS_SEEN
    assert forecast(1_000, gone, 3)[-1].low == 0


def test_averages_weigh_every_month_the_same() -> None:
    found = averages([month(100, 10, 0, 0, 0, 10), month(300, 30, 0, 0, 0, 0)])
    assert found.new == 20
    assert found.churn == Fraction(1, 20)


def test_months_of_several_currencies_are_refused() -> None:
    with pytest.raises(UnlikeCurrenciesError, match="eur, usd"):
        averages([month(100, 0, 0, 0, 0, 0), month(100, 0, 0, 0, 0, 0, currency="usd")])


def test_five_months_or_a_month_that_starts_with_nothing_are_too_few() -> None:
    assert lacks_months([month(100, 0, 0, 0, 0, 0)] * 5)
    assert lacks_months([month(0, 100, 0, 0, 0, 0), *[month(100, 0, 0, 0, 0, 0)] * 5])
    assert not lacks_months([month(0, 100, 0, 0, 0, 0), *[month(100, 0, 0, 0, 0, 0)] * 6])
    assert look_back([month(100, 0, 0, 0, 0, 0)] * 8, 3) is None
