"""When each alert rule is silent, watches, and alerts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from metrics.alerts.rules import AlertSettings, Move, Reading, Recent, guarded, months_before, readings

# A Wednesday: the last complete week began on 9 November.
TODAY = date(2026, 11, 18)
CALM = Recent(TODAY, date(2024, 1, 1), 100_000, 100, 100, (), ())


def ago(days: int, kind: str, amount: int) -> Move:
    return Move(TODAY - timedelta(days=days), kind, amount)


def many(days: int, kind: str, amount: int, count: int) -> list[Move]:
    """Return many small movements, so that chance is small too."""
    return [ago(days, kind, amount)] * count


def read(rule: str, *moves: Move, **more: object) -> Reading:
    recent = replace(CALM, moves=moves, **more)  # type: ignore[arg-type]
    return {one.rule: one for one in readings(recent, AlertSettings())}[rule]


def test_a_difference_within_chance_is_not_guarded() -> None:
    assert not guarded(300, [60, 80])
    assert guarded(301, [60, 80])
    assert not guarded(-301, [])


def test_few_customers_leave_every_rule_insufficient() -> None:
    assert {one.level for one in readings(replace(CALM, customers=9), AlertSettings())} == {"insufficient"}


@pytest.mark.parametrize(
    ("days", "sufficient"),
    [
        (29, set()),
        (30, {"revenue_churn", "net_revenue_retention_low"}),
        (60, {"revenue_churn", "net_revenue_retention_low", "failed_payments_rising"}),
    ],
)
def test_a_rule_needs_its_history(days: int, sufficient: set[str]) -> None:
    recent = replace(CALM, first_on=TODAY - timedelta(days=days))
    told = {one.rule for one in readings(recent, AlertSettings()) if one.level != "insufficient"}
    assert told == sufficient


def test_months_are_counted_back_over_the_year() -> None:
    assert [months_before(TODAY, n) for n in (0, 10, 11)] == [
        date(2026, 11, 1),
        date(2026, 1, 1),
        date(2025, 12, 1),
    ]


@pytest.mark.parametrize(("churn", "level"), [(3_000, "quiet"), (3_200, "alert")])
def test_revenue_churn_compares_30_days_with_the_mrr_before(churn: int, level: str) -> None:
    told = read(
        "revenue_churn", ago(30, "churn", -churn), ago(31, "churn", -50_000), ago(0, "churn", -50_000)
    )
    assert told.level == level
    assert told.value is not None
    assert round(told.value * (100_000 + churn)) == churn


def test_revenue_churn_over_nothing_is_quiet() -> None:
    assert read("revenue_churn", mrr_micro=0).value is None


def test_new_mrr_is_watched_when_it_is_not_above_the_weeks_before() -> None:
    assert read("new_mrr_flat", ago(5, "new", 101), ago(30, "new", 100)).level == "quiet"
    assert read("new_mrr_flat", ago(5, "new", 100), ago(30, "new", 100)).level == "watch"


def test_new_mrr_alerts_when_it_falls_beyond_chance() -> None:
    steady = [move for days in range(25, 108) for move in many(days, "new", 10, 4)]
    assert read("new_mrr_flat", *steady).level == "alert"
    assert read("new_mrr_flat", *many(5, "new", 10, 70), *steady).level == "watch"
    assert read("new_mrr_flat", ago(40, "new", 1000)).level == "watch"


def test_expansion_alerts_when_two_falls_are_beyond_chance() -> None:
    august, september, october = 90, 60, 30
    falling = [*many(august, "expansion", 10, 90), *many(september, "expansion", 10, 50)]
    assert read("expansion_declining", *falling, *many(october, "expansion", 10, 20)).level == "alert"
    assert read("expansion_declining", *falling, *many(october, "expansion", 10, 49)).level == "watch"
    assert read("expansion_declining", *falling, *many(october, "expansion", 10, 50)).level == "quiet"


def test_failed_payments_are_counted_per_customer() -> None:
    def failed(now: int, before: int, **more: object) -> str:
        days = [TODAY - timedelta(days=5)] * now + [TODAY - timedelta(days=35)] * before
        return read("failed_payments_rising", failed_on=tuple(days), **more).level

    assert failed(2, 0) == "quiet"
    assert failed(5, 4) == "quiet"
    assert failed(6, 4) == "watch"
    assert failed(30, 4) == "alert"
    assert failed(6, 4, customers_30_days_ago=50) == "quiet"
    assert failed(10, 0, customers_30_days_ago=0) == "alert"


def growing(*monthly: int) -> list[Move]:
    """Return the net growth of the last complete months, oldest first, in small movements."""
    last = len(monthly)
    return [
        Move(months_before(TODAY, last - n), "new", 10)
        for n, net in enumerate(monthly)
        for _ in range(net // 10)
    ]


def test_growth_that_slows_for_two_months_is_an_alert() -> None:
    slowing = growing(20_000, 10_000, 10_000, 5_000, 1_000, 1_000, 1_000)
    assert read("arr_growth_decelerating", *slowing).level == "alert"
    steady = growing(3_000, 3_300, 3_600, 4_000, 4_400, 4_800, 5_300)
    assert read("arr_growth_decelerating", *steady).level == "quiet"
    lumps = (Move(months_before(TODAY, 5), "new", 30_000), Move(months_before(TODAY, 1), "new", 100))
    assert read("arr_growth_decelerating", *lumps).level == "watch"


def test_growth_from_nothing_is_quiet() -> None:
    assert read("arr_growth_decelerating", mrr_micro=0).level == "quiet"


def test_retention_below_100_percent_is_watched_and_beyond_chance_an_alert() -> None:
    assert read("net_revenue_retention_low", ago(3, "expansion", 500), ago(3, "churn", -500)).level == "quiet"
    assert read("net_revenue_retention_low", ago(3, "contraction", -500)).level == "watch"
    assert read("net_revenue_retention_low", *many(3, "churn", -50, 10)).level == "alert"
