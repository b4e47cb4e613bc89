"""When a rule fires and when it has cleared."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metrics.alerts.rules import AlertSettings, Reading
from metrics.alerts.states import Firing, backtest, fires, periods
from tests.metrics.alerts.test_rules import TODAY, ago, series

FIRST = date(2026, 3, 1)
SAID = {"a": ("alert", False), "w": ("watch", False), "q": ("quiet", True), "n": ("insufficient", False)}


def days(word: str) -> list[tuple[date, Reading]]:
    """Return one reading for each letter: alert, watch, quiet (clears), nothing."""
    return [
        (FIRST + timedelta(days=n), Reading("r", level, clears=clears))
        for n, (level, clears) in enumerate(SAID[letter] for letter in word)
    ]


def spans(word: str, present: Firing | None = None) -> list[tuple[int, int | None]]:
    """Return the periods as numbers of days from the first."""

    def number(on: date | None) -> int | None:
        return None if on is None else (on - FIRST).days

    found = periods("r", days(word), present)
    return [((one.fired_on - FIRST).days, number(one.recovered_on)) for one in found]


def test_a_rule_fires_on_the_second_day_that_it_holds() -> None:
    assert spans("qaaa") == [(2, None)]
    assert spans("aqaqa") == []


def test_an_alert_lasts_until_it_clears() -> None:
    assert spans("aawwnnq") == [(1, 6)]
    assert spans("aaqaaq") == [(1, 2), (4, 5)]


def test_flapping_at_the_threshold_is_one_alert_at_most() -> None:
    assert spans("aw" * 20) == []
    assert spans("aa" + "wa" * 20) == [(1, None)]


def test_a_period_that_was_firing_goes_on() -> None:
    before = Firing("r", FIRST - timedelta(days=9), Reading("r", "alert"))
    assert spans("aw", before) == [(-9, None)]
    assert spans("wq", before) == [(-9, 1)]


@given(st.text(alphabet="awqn", max_size=60), st.integers(0, 60))
def test_judging_day_by_day_is_judging_all_days_at_once(word: str, cut: int) -> None:
    told, whole = days(word), list(periods("r", days(word)))
    present: Firing | None = None
    kept: list[tuple[date, date | None]] = []
    for n, (on, today) in enumerate(told):
        yesterday = told[n - 1][1] if n else Reading("r", "quiet")
        if present is None and fires(yesterday, today):
            present = Firing("r", on, today)
        elif present is not None and today.clears:
            kept.append((present.fired_on, on))
            present = None
    kept += [(present.fired_on, None)] if present else []
    assert [(one.fired_on, one.recovered_on) for one in whole] == kept


def test_a_backtest_says_when_a_rule_would_have_fired() -> None:
    lost = ago(20, "churn", 5_000)
    start = TODAY - timedelta(days=60)
    found = backtest("revenue_churn", series(lost), start, AlertSettings())
    assert [(one.fired_on, one.recovered_on) for one in found] == [(TODAY - timedelta(days=18), None)]
    bold = AlertSettings(revenue_churn_threshold=AlertSettings().revenue_churn_threshold * 2)
    assert backtest("revenue_churn", series(lost), start, bold) == []
