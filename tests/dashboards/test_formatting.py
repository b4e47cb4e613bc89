import re
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import translation

from dashboards.formatting import DASH, money, number, percent, plotted, points, share
from tests.environment import PROJECT


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
    assert plotted(-1_500_000, "jpy") == "-2"


def test_a_share_is_rounded_to_thousandths_and_undefined_over_nothing() -> None:
    assert [share(1, 3), share(1, 2_000), share(3, 2_000), share(-1, -3)] == [333, 0, 2, 333]
    assert share(1, 0) is None


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


@pytest.mark.parametrize(
    ("tag", "currency", "text", "loss"),
    [
        ("en-us", "usd", "$1,234,567.89", "−$1,234,567.89"),
        ("en-gb", "usd", "US$1,234,567.89", "−US$1,234,567.89"),
        ("en-in", "inr", "₹12,34,567.89", "−₹12,34,567.89"),
        ("fr", "eur", "1\u202f234\u202f567,89\u00a0€", "−1\u202f234\u202f567,89\u00a0€"),
        ("de", "eur", "1.234.567,89\u00a0€", "−1.234.567,89\u00a0€"),
        ("de-ch", "chf", "CHF\u00a01’234’567.89", "CHF−1’234’567.89"),
        ("de-at", "eur", "€\u00a01.234.567,89", "−€\u00a01.234.567,89"),
        ("es", "jpy", "123.456.789\u00a0JPY", "−123.456.789\u00a0JPY"),
        ("it", "gbp", "1.234.567,89\u00a0£", "−1.234.567,89\u00a0£"),
        ("pt-br", "brl", "R$\u00a01.234.567,89", "−R$\u00a01.234.567,89"),
        ("nl", "eur", "€\u00a01.234.567,89", "€\u00a0−1.234.567,89"),
        ("pl", "pln", "1\u00a0234\u00a0567,89\u00a0zł", "−1\u00a0234\u00a0567,89\u00a0zł"),
    ],
)
def test_money_is_written_as_the_locale_writes_it(tag: str, currency: str, text: str, loss: str) -> None:
    with translation.override(tag):
        assert str(money(123_456_789_000_000, currency)) == text
        assert str(money(-123_456_789_000_000, currency)) == loss
        gain = money(123_456_789_000_000, currency, signed=True)
        assert str(gain) == loss.replace("−", "+")


def test_money_of_every_locale_carries_the_same_digits() -> None:
    for tag in ("en", "fr-ch", "de-li", "es-mx", "it-ch", "pt-pt", "nl-be", "pl"):
        with translation.override(tag):
            assert re.sub(r"\D", "", str(money(90_071_992_547_409_930_000_000, "eur"))) == "90071992547409930"


def test_numbers_and_rates_follow_the_locale() -> None:
    with translation.override("fr"):
        assert percent(Fraction(-12345, 1000), signed=True) == "−1\u202f234,5\u00a0%"
        assert (number(1_234_567), number(Fraction(5, 2), 1)) == ("1\u202f234\u202f567", "2,5")
        assert points(Fraction(15, 1000), signed=True) == "+1,5"


def test_a_chart_reads_the_same_in_every_language() -> None:
    with translation.override("de"):
        assert Decimal(plotted(123_456_000_000, "eur")) == Decimal("1234.56")


def test_no_template_writes_a_number_or_a_date_past_the_reader_s_locale() -> None:
    past = re.compile(r"""\|(?:intcomma|floatformat|date(?!:["'](?:c|T|Y-m|Y-m-d)["']))\b""")
    templates = [path for path in (PROJECT / "templates").rglob("*.*") if path.suffix in (".html", ".txt")]
    assert [str(path) for path in templates if past.search(path.read_text())] == []
