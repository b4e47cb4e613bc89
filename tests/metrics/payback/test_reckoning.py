"""CAC payback as arithmetic, and tables of spend at size."""

from datetime import date
from fractions import Fraction
from random import Random

import pytest

from metrics.payback.channels import value_of
from metrics.payback.reckoning import Won, paid_back_after, payback_months, trend
from metrics.payback.tables import read
from tests.soak import sized

TODAY = date(2026, 11, 22)
HALF = Fraction(1, 2)


def test_six_thousand_for_one_thousand_at_four_fifths_takes_seven_and_a_half_months() -> None:
    assert payback_months(6_000, 1_000, Fraction(4, 5)) == Fraction(15, 2)


@pytest.mark.parametrize(("spend", "base"), [(0, 100), (100, 0), (0, 0), (100, -5)])
def test_payback_over_nothing_is_undefined(spend: int, base: int) -> None:
    assert payback_months(spend, base, HALF) is None


def test_observed_payback_counts_months_until_the_margin_comes_to_the_spend() -> None:
    assert paid_back_after(2_000, (1_000, 900, 800), Fraction(4, 5)) == 3
    assert paid_back_after(2_161, (1_000, 900, 800), Fraction(4, 5)) is None
    assert paid_back_after(0, (1_000,), HALF) is None


def test_where_all_stay_the_observed_months_are_the_reckoned_rounded_up() -> None:
    random = Random(4)
    for _ in range(200):
        spend, base = random.randrange(1, 10_000), random.randrange(1, 1_000)
        margin = Fraction(random.randrange(1, 101), 100)
        reckoned = payback_months(spend, base, margin)
        assert reckoned is not None
        months = -(-reckoned.numerator // reckoned.denominator)
        if months <= 500:
            assert paid_back_after(spend, [base] * 500, margin) == months


def test_newer_cohorts_that_take_a_fifth_longer_are_a_warning() -> None:
    older = [Won(100, 100, 20)] * 3
    assert trend([*older, *[Won(121, 100, 20)] * 3], HALF).lengthens  # type: ignore[union-attr]
    assert not trend([*older, *[Won(120, 100, 20)] * 3], HALF).lengthens  # type: ignore[union-attr]
    assert trend([*older, Won(0, 100, 20), *[Won(120, 100, 20)] * 2], HALF) is None


def test_a_table_of_many_rows_is_read_whole() -> None:
    rows = sized(5_000, 100_000)
    lines = [
        f"{2000 + n % 26}-{n // 26 % 12 + 1:02},channel {n // 312},{n}.25,{('usd', 'jpy')[n % 97 == 0]}"
        for n in range(rows)
    ]
    found = read(("month,channel,amount,currency\n" + "\n".join(lines)).encode(), TODAY, lambda code, on: "")
    assert not found.problems
    assert len(found.amounts) == rows
    assert found.amounts[date(2000, 1, 1), "channel 0", "jpy"] == 250_000


@pytest.mark.parametrize(
    ("metadata", "channel"),
    [
        ({"utm": "  Google  Ads "}, "google ads"),
        ({"utm": "ada@example.com"}, ""),
        ({"utm": "x" * 61}, ""),
        ({"utm": 7}, ""),
        ({"other": "ads"}, ""),
        (None, ""),
    ],
)
def test_only_a_channel_s_name_is_taken_of_metadata(metadata: object, channel: str) -> None:
    assert value_of({"metadata": metadata}, "utm") == channel
