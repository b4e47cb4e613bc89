"""Every formula of the definitions, section 4."""

from fractions import Fraction

import pytest

from metrics.core.rates import (
    Waterfall,
    growth_band,
    median_days,
    trailing_twelve_month,
    trial_to_paid_rate,
    waterfall,
)

MAJOR = 100_000_000
MONTH = waterfall(
    "eur",
    10_000 * MAJOR,
    [
        ("new", 1_500 * MAJOR),
        ("expansion", 600 * MAJOR),
        ("contraction", -200 * MAJOR),
        ("churn", -500 * MAJOR),
    ],
    committed=11_000 * MAJOR,
    contracted=1_000 * MAJOR,
    customers_start=50,
    customers_churned=2,
    customers_end=57,
)
EMPTY = Waterfall("eur")


def test_the_months_example_holds() -> None:
    assert (MONTH.ending, MONTH.arr, MONTH.residual) == (11_400 * MAJOR, 136_800 * MAJOR, 0)
    assert (MONTH.net_new, MONTH.contracted_arr) == (1_400 * MAJOR, 12_000 * MAJOR)


@pytest.mark.parametrize(
    ("rate", "value"),
    [
        ("mrr_growth_rate", Fraction(14, 100)),
        ("revenue_churn_rate", Fraction(5, 100)),
        ("gross_mrr_churn_rate", Fraction(7, 100)),
        ("net_revenue_retention", Fraction(99, 100)),
        ("gross_revenue_retention", Fraction(93, 100)),
        ("customer_churn_rate", Fraction(2, 50)),
        ("quick_ratio", Fraction(3)),
        ("arpa", Fraction(200 * MAJOR)),
        ("lifetime_months", Fraction(20)),
        ("ltv", Fraction(4_000 * MAJOR)),
    ],
)
def test_a_rate_follows_its_formula_and_is_undefined_over_nothing(rate: str, value: Fraction) -> None:
    assert getattr(MONTH, rate) == value
    assert getattr(EMPTY, rate) is None


def test_reactivation_raises_the_quick_ratio_but_not_retention() -> None:
    flow = waterfall("eur", 100, [("reactivation", 50), ("churn", -10)])
    assert flow.quick_ratio == 5
    assert flow.net_revenue_retention == Fraction(90, 100)
    assert flow.ending == 140


def test_a_residual_shows_what_is_missing() -> None:
    assert Waterfall("eur", starting=100, new=50, exchange=-5, ending=145).residual == 0
    assert Waterfall("eur", starting=100, new=50, ending=145).residual == 5


def test_trailing_twelve_months_and_run_rate_differ() -> None:
    month_ends = [500_000 * 2 ** Fraction(n, 12) for n in range(1, 13)]
    trailing = trailing_twelve_month([0, *(round(end) for end in month_ends)])
    assert 8_700_000 < trailing < 9_100_000
    assert 12 * round(month_ends[-1]) == 12_000_000


def test_trials_are_rated_by_cohort() -> None:
    assert trial_to_paid_rate(8, 2) == Fraction(1, 4)
    assert trial_to_paid_rate(0, 0) is None
    assert [median_days(days) for days in ([14, 7, 30], [7, 14], [])] == [14, Fraction(21, 2), None]


@pytest.mark.parametrize(
    ("percent", "band"),
    [
        (10, "exceptional"),
        (9, "strong"),
        (5, "strong"),
        (3, "solid"),
        (2, "fair"),
        (1, "needs_attention"),
        (-4, "needs_attention"),
    ],
)
def test_growth_has_bands(percent: int, band: str) -> None:
    assert growth_band(Fraction(percent, 100)) == band


def test_half_the_base_is_gone_after_13_and_a_half_months_at_5_percent() -> None:
    assert Fraction(95, 100) ** 13 > Fraction(1, 2) > Fraction(95, 100) ** 14
