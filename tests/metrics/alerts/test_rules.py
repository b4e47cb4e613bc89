"""When each alert rule is silent, watches, and alerts."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from metrics.alerts.rules import RULES, AlertSettings, Reading, guarded, reading, readings
from metrics.alerts.series import Moved, Series, months_before
from tests.metrics.alerts.days import Day, columns

# A Wednesday: the last complete week began on 9 November.
TODAY = date(2026, 11, 18)
FIRST = date(2024, 1, 1)


def on(day: date, kind: str, amount: int, count: int = 1) -> Day:
    """Return some movements of one amount each, on one day."""
    return Day(day, kind, Moved(amount * count, amount**2 * count, count))


def ago(days: int, kind: str, amount: int, count: int = 1) -> Day:
    return on(TODAY - timedelta(days=days), kind, amount, count)


def series(
    *days: Day,
    mrr: int = 100_000,
    customers: int = 100,
    first_on: date = FIRST,
    failed_on: Sequence[date] = (),
) -> Series:
    known = {**columns(days), "failures": Counter(failed_on)}
    return Series(TODAY, first_on, first_on, mrr, customers, **known)


def read(rule: str, *days: Day, settings: AlertSettings | None = None, **more: object) -> Reading:
    return reading(rule, series(*days, **more), TODAY, settings or AlertSettings())  # type: ignore[arg-type]


def test_a_difference_within_chance_is_not_guarded() -> None:
    assert not guarded(300, Moved(squares=10_000))
    assert guarded(301, Moved(squares=10_000))
    assert not guarded(-301, Moved())


def test_few_customers_leave_every_rule_insufficient() -> None:
    assert {one.level for one in readings(series(customers=9), TODAY, AlertSettings())} == {"insufficient"}


@pytest.mark.parametrize(
    ("days", "sufficient"),
    [
        (29, set()),
        (30, {"revenue_churn", "net_revenue_retention_low"}),
        (60, {"revenue_churn", "net_revenue_retention_low", "failed_payments_rising"}),
    ],
)
def test_a_rule_needs_its_history(days: int, sufficient: set[str]) -> None:
    young = series(first_on=TODAY - timedelta(days=days))
    told = {one.rule for one in readings(young, TODAY, AlertSettings()) if one.level != "insufficient"}
    assert told == sufficient


def test_months_are_counted_back_over_the_year() -> None:
    assert [months_before(TODAY, n) for n in (0, 10, 11)] == [
        date(2026, 11, 1),
        date(2026, 1, 1),
        date(2025, 12, 1),
    ]


@pytest.mark.parametrize(("churn", "level"), [(3_000, "quiet"), (3_200, "alert")])
def test_revenue_churn_compares_30_days_with_the_mrr_before(churn: int, level: str) -> None:
    told = read("revenue_churn", ago(30, "churn", churn), ago(31, "churn", 50_000), ago(0, "churn", 50_000))
    assert told.level == level
    assert told.value is not None
    assert round(told.value * (100_000 + churn)) == churn


def test_revenue_churn_over_nothing_is_quiet() -> None:
    assert read("revenue_churn", mrr=0).value is None


def test_new_mrr_is_watched_when_it_is_not_above_the_weeks_before() -> None:
    assert read("new_mrr_flat", ago(5, "new", 101), ago(30, "new", 100)).level == "quiet"
    assert read("new_mrr_flat", ago(5, "new", 100), ago(30, "new", 100)).level == "watch"


def test_new_mrr_alerts_when_it_falls_beyond_chance() -> None:
    steady = [ago(days, "new", 10, 4) for days in range(25, 108)]
    assert read("new_mrr_flat", *steady).level == "alert"
    assert read("new_mrr_flat", ago(5, "new", 10, 70), *steady).level == "watch"
    assert read("new_mrr_flat", ago(40, "new", 1000)).level == "watch"


def test_expansion_alerts_when_two_falls_are_beyond_chance() -> None:
    august, september, october = 90, 60, 30
    falling = [ago(august, "expansion", 10, 90), ago(september, "expansion", 10, 50)]
    assert read("expansion_declining", *falling, ago(october, "expansion", 10, 20)).level == "alert"
    assert read("expansion_declining", *falling, ago(october, "expansion", 10, 49)).level == "watch"
    assert read("expansion_declining", *falling, ago(october, "expansion", 10, 50)).level == "quiet"


def test_failed_payments_are_counted_per_customer() -> None:
    def failed(now: int, before: int, came: int = 0) -> str:
        days = [TODAY - timedelta(days=5)] * now + [TODAY - timedelta(days=35)] * before
        return read("failed_payments_rising", ago(20, "new", 0, came), failed_on=days).level

    assert failed(2, 0) == "quiet"
    assert failed(5, 4) == "quiet"
    assert failed(6, 4) == "watch"
    assert failed(30, 4) == "alert"
    assert failed(6, 4, came=50) == "quiet"
    assert failed(10, 0, came=100) == "alert"


def growing(*monthly: int) -> list[Day]:
    """Return the net growth of the last complete months, oldest first, in small movements."""
    last = len(monthly)
    return [on(months_before(TODAY, last - n), "new", 10, net // 10) for n, net in enumerate(monthly)]


def test_growth_that_slows_for_two_months_is_an_alert() -> None:
    slowing = growing(20_000, 10_000, 10_000, 5_000, 1_000, 1_000, 1_000)
    assert read("arr_growth_decelerating", *slowing).level == "alert"
    steady = growing(3_000, 3_300, 3_600, 4_000, 4_400, 4_800, 5_300)
    assert read("arr_growth_decelerating", *steady).level == "quiet"
    lumps = (on(months_before(TODAY, 5), "new", 30_000), on(months_before(TODAY, 1), "new", 100))
    assert read("arr_growth_decelerating", *lumps).level == "watch"


def test_growth_from_nothing_is_quiet() -> None:
    assert read("arr_growth_decelerating", mrr=0).level == "quiet"


def test_retention_below_100_percent_is_watched_and_beyond_chance_an_alert() -> None:
    assert read("net_revenue_retention_low", ago(3, "expansion", 500), ago(3, "churn", 500)).level == "quiet"
    assert read("net_revenue_retention_low", ago(3, "contraction", 500)).level == "watch"
    assert read("net_revenue_retention_low", ago(3, "churn", 50, 10)).level == "alert"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_switched_off_says_nothing(rule: str) -> None:
    assert read(rule, settings=AlertSettings(**{f"{rule}_on": False})).level == "off"  # type: ignore[arg-type]


def test_without_its_guard_a_rule_alerts_where_it_would_be_watched() -> None:
    bold = AlertSettings(net_revenue_retention_low_guarded=False)
    small = ago(3, "contraction", 500)
    assert read("net_revenue_retention_low", small).level == "watch"
    assert read("net_revenue_retention_low", small, settings=bold).level == "alert"
    assert read("net_revenue_retention_low", settings=bold).clears


@pytest.mark.parametrize(("churn", "clears"), [(3_100, False), (2_800, False), (2_700, True)])
def test_an_alert_clears_a_tenth_beyond_its_threshold(churn: int, clears: bool) -> None:
    told = read("revenue_churn", ago(3, "churn", churn), mrr=100_000 - churn)
    assert told.clears is clears


def test_an_alert_clears_when_what_is_left_may_be_chance() -> None:
    assert read("net_revenue_retention_low", ago(3, "churn", 500), ago(3, "expansion", 450)).clears
    assert not read("net_revenue_retention_low", ago(3, "churn", 50, 10)).clears


def test_a_longer_span_of_weeks_needs_a_longer_history() -> None:
    long = AlertSettings(new_mrr_flat_weeks=8)
    first_on = TODAY - timedelta(days=120)
    assert read("new_mrr_flat", first_on=first_on).level != "insufficient"
    assert read("new_mrr_flat", settings=long, first_on=first_on).level == "insufficient"
