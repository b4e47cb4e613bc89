"""Why another tool's figure for one customer is not ours: one rule that explains all of it, or none."""

from fractions import Fraction
from typing import Any

import pytest

from metrics.bridge.uploads.reasons import Case, reason
from metrics.core.definition import Definition
from metrics.core.history import Configuration
from tests.metrics.bridge.standing import CATALOGUE, DAY, NOW, UNIT, holding

HALF = UNIT // 2


def told(ours: int, theirs: int, *rows: Configuration, **settings: Any) -> str:
    """Return the reason for two figures in major units."""
    rules = Definition(**settings)
    return reason(Case(rows, CATALOGUE, rules, "eur", NOW, ours * UNIT, theirs * UNIT))


@pytest.mark.parametrize(
    ("ours", "theirs", "row", "expected"),
    [
        (0, 10, {"status": "trialing"}, "trial"),
        (0, 10, {"paid": False}, "first_payment"),
        (10, 0, {"status": "past_due", "unpaid_since": NOW - 9 * DAY}, "past_due"),
        (0, 10, {"status": "unpaid"}, "unpaid"),
        (0, 10, {"collection_paused": True}, "paused"),
        (5, 10, {"coupon": "half_for_ever"}, "discount"),
        (10, 5, {"coupon": "half_once"}, "discount"),
        (8, 10, {"tax_share": Fraction(1, 5)}, "tax"),
        (10, 0, {"cancel_requested": True}, "cancellation"),
        (0, 10, {"refunded": True}, "refund"),
        (10, 0, {"start": NOW - 2 * DAY}, "timing"),
        (0, 10, {"end": NOW - DAY}, "timing"),
        (10, 11, {}, "unexplained"),
        (10, 0, {}, "only_ours"),
        (0, 11, {"status": "canceled"}, "only_theirs"),
    ],
)
def test_the_rule_that_explains_a_difference_is_found(
    ours: int, theirs: int, row: dict[str, Any], expected: str
) -> None:
    assert told(ours, theirs, holding("ten", **row)) == expected


def test_a_grace_of_ours_is_found_as_past_due() -> None:
    late = holding("ten", status="past_due", unpaid_since=NOW - 9 * DAY)
    assert told(0, 10, late, past_due_grace_days=7) == "past_due"


def test_a_year_s_price_in_one_month_is_an_interval() -> None:
    assert told(10, 120, holding("year_120")) == "interval"
    assert told(60, 160, holding("year_120"), holding("quarter_150", sub="other")) == "unexplained"
    assert told(60, 270, holding("year_120"), holding("quarter_150", sub="other")) == "interval"


def test_metered_usage_that_they_count_is_found() -> None:
    rows = holding("ten"), holding("calls", sub="usage", usage=Fraction(4_200))
    assert told(10, 52, *rows) == "usage"


def test_less_than_one_unit_is_rounding() -> None:
    case = Case((), CATALOGUE, Definition(), "eur", NOW, 4_333_333_333, 4_333_000_000)
    assert reason(case) == "rounding"


def test_money_in_another_currency_is_named_as_that() -> None:
    assert told(0, 9, holding("dollars", currency="usd")) == "currency"
