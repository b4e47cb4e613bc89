from fractions import Fraction

import pytest

from dashboards.formatting import DASH, money, percent, plotted


@pytest.mark.parametrize(
    ("amount_micro", "currency", "text"),
    [
        (12_345_678_000_000, "eur", "€123,456.78"),
        (0, "eur", "€0.00"),
        (-500_000_000, "usd", "−$5.00"),
        (1_234_567_000_000, "jpy", "¥1,234,567"),
        (1_234_567_000_000, "bhd", "BHD\u00a01,234.567"),
        (1_234_500_000, "isk", "ISK\u00a012.34"),
        (90_071_992_547_409_930_000_000, "eur", "€900,719,925,474,099.30"),
    ],
)
def test_money_carries_the_decimals_of_its_currency(amount_micro: int, currency: str, text: str) -> None:
    assert str(money(amount_micro, currency)) == text


def test_money_rounds_half_to_even_for_display_alone() -> None:
    assert str(money(833_500_000, "eur")) == "€8.34"
    assert str(money(832_500_000, "eur")) == "€8.32"


def test_money_that_rounds_to_nothing_has_no_sign() -> None:
    assert str(money(-1, "eur", signed=True)) == "€0.00"


def test_a_signed_amount_says_its_direction() -> None:
    assert str(money(100_000_000, "eur", signed=True)) == "+€1.00"
    assert str(money(-100_000_000, "jpy", signed=True)) == "−¥100"


def test_decimals_stand_apart_so_that_a_page_can_soften_them() -> None:
    assert money(123_450_000, "eur").fraction == ".23"
    assert money(123_000_000, "jpy").fraction == ""


def test_a_chart_reads_plain_decimals() -> None:
    assert plotted(-1_234_560_000_000, "eur") == "-12345.60"


@pytest.mark.parametrize(
    ("rate", "signed", "text"),
    [
        (Fraction(5, 100), False, "5.0%"),
        (Fraction(-1, 3), True, "−33.3%"),
        (Fraction(14, 100), True, "+14.0%"),
        (Fraction(0), True, "0.0%"),
        (Fraction(12345, 10), False, "123,450.0%"),
        (None, False, DASH),
    ],
)
def test_a_rate_is_a_percentage_and_an_undefined_one_a_dash(
    rate: Fraction | None, signed: bool, text: str
) -> None:
    assert percent(rate, signed=signed) == text
