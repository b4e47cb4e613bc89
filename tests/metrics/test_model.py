"""The JSON model of the definitions, section 6."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest

from metrics.alerts.rules import AlertSettings
from metrics.core.definition import Definition
from metrics.model import decimal, figures_of, model
from tests.metrics.core.test_rates import EMPTY, MAJOR, MONTH


def test_the_model_shows_the_months_example() -> None:
    figures = figures_of(MONTH)
    expected = {
        "starting_mrr": 10000,
        "new_mrr": 1500,
        "expansion_mrr": 600,
        "reactivation_mrr": 0,
        "contraction_mrr": 200,
        "churned_mrr": 500,
        "currency_mrr": 0,
        "ending_mrr": 11400,
        "arr": 136800,
        "contracted_arr": 12000,
        "committed_mrr": 11000,
        "mrr_growth_rate": Decimal("0.14"),
        "revenue_churn_rate": Decimal("0.05"),
        "nrr": Decimal("0.99"),
        "gross_revenue_retention": Decimal("0.93"),
        "quick_ratio": 3,
        "customers_start": 50,
        "customers_end": 57,
    }
    assert {key: figures[key] for key in expected} == expected
    assert figures["ending_mrr_micro"] == 11_400 * MAJOR
    assert set(figures) - set(expected) == {
        f"{key}_micro" for key in expected if "mrr" in key or "arr" in key
    } - {"mrr_growth_rate_micro"}


def test_an_undefined_rate_is_null() -> None:
    assert figures_of(EMPTY)["nrr"] is None


@pytest.mark.parametrize(
    ("rate", "shown"), [(Fraction(1, 3), "0.333333"), (Fraction(10), "10"), (Fraction(0), "0")]
)
def test_a_rate_shows_six_decimals(rate: Fraction, shown: str) -> None:
    assert f"{decimal(rate):f}" == shown


def test_the_model_carries_every_setting() -> None:
    period = {"start": "2026-10-01", "end": "2026-11-01", "as_of": "now", "data_through": "then"}
    shown = model(MONTH, Definition(version=3, time_zone="Europe/Paris"), AlertSettings(), period)
    assert shown["definitions"]["version"] == 3
    assert shown["definitions"]["churn_definition"] == "end_of_paid_term"
    assert shown["alerts"]["revenue_churn_threshold"] == Decimal("0.03")
    assert shown["period"] == {"start": "2026-10-01", "end": "2026-11-01", "time_zone": "Europe/Paris"}
    assert json.loads(json.dumps(shown, default=float))["recurring_revenue"]["arr"] == 136800
