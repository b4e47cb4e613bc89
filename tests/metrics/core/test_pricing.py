"""What a price asks, and a month's share of it."""

from fractions import Fraction

import pytest

from metrics.core.facts import Price, Tier
from metrics.core.money import MICRO, decimals, major
from metrics.core.pricing import asked, is_contracted, monthly_micro
from tests.metrics.core.build import price

TIERS = (
    Tier(5, Fraction(500), Fraction(1000)),
    Tier(10, Fraction(400)),
    Tier(None, Fraction(300), Fraction(200)),
)


def tiered(mode: str, tiers: tuple[Tier, ...] = TIERS) -> Price:
    return price("tiered", 0, tiers_mode=mode, amounts={"eur": tiers})


@pytest.mark.parametrize(
    ("amount", "interval", "count", "quantity", "minor"),
    [
        (15000, "month", 1, 10, 150000),
        (60000, "year", 1, 1, 5000),
        (15000, "month", 3, 1, 5000),
        (5000, "month", 1, 1, 5000),
        (1800000, "year", 1, 1, 150000),
        (120000, "year", 1, 1, 10000),
        (120000, "year", 1, 8, 80000),
        (240000, "year", 2, 1, 10000),
    ],
)
def test_an_interval_is_cut_into_months(
    amount: int, interval: str, count: int, quantity: int, minor: int
) -> None:
    one = price("any", amount, interval, count)
    assert monthly_micro(one, asked(one, quantity, "eur") or 0) == minor * MICRO


@pytest.mark.parametrize(("interval", "amount", "shown"), [("week", 1000, "43.33"), ("day", 100, "30.42")])
def test_weeks_and_days_are_cut_by_the_year(interval: str, amount: int, shown: str) -> None:
    one = price("any", amount, interval)
    assert str(major(monthly_micro(one, amount), "eur")) == shown


def test_an_annual_price_of_100_gives_arr_of_100() -> None:
    yearly = price("any", 10000, "year")
    mrr = monthly_micro(yearly, 10000)
    assert major(12 * mrr, "eur") == 100


def test_rounding_is_half_to_even() -> None:
    assert [monthly_micro(price("any", 0), Fraction(n, 2 * MICRO)) for n in (1, 3, 5)] == [0, 2, 2]


@pytest.mark.parametrize(
    ("quantity", "minor"), [(0, 1000), (1, 1500), (5, 3500), (6, 3900), (10, 5500), (12, 6300)]
)
def test_graduated_tiers_add_up(quantity: int, minor: int) -> None:
    assert asked(tiered("graduated"), quantity, "eur") == minor


@pytest.mark.parametrize(("quantity", "minor"), [(1, 1500), (5, 3500), (6, 2400), (11, 3500)])
def test_volume_tiers_price_all_units_alike(quantity: int, minor: int) -> None:
    assert asked(tiered("volume"), quantity, "eur") == minor


def test_a_quantity_beyond_the_last_tier_stays_in_it() -> None:
    assert asked(tiered("volume", TIERS[:2]), 20, "eur") == 8000
    assert asked(tiered("graduated", TIERS[:2]), 20, "eur") == 5500


@pytest.mark.parametrize(("way", "units"), [("up", 3), ("down", 2)])
def test_packages_round_the_quantity(way: str, units: int) -> None:
    assert asked(price("any", 1000, divide_by=10, round=way), 21, "eur") == units * 1000


def test_decimals_of_a_minor_unit_are_exact() -> None:
    assert asked(price("any", "0.000000000125"), 8_000_000_000, "eur") == 1


def test_a_currency_option_has_its_own_amount() -> None:
    one = price("any", 1000, amounts={"jpy": (Tier(None, 160),)})
    assert asked(one, 2, "jpy") == 320


@pytest.mark.parametrize(
    ("one", "currency"),
    [
        (price("any", 1000), "usd"),
        (price("any", 1000, "fortnight"), "eur"),
        (price("any", 1000, None), "eur"),
        (price("any", 0, amounts={"eur": ()}), "eur"),
    ],
)
def test_a_price_that_does_not_say_asks_nothing_known(one: Price, currency: str) -> None:
    assert asked(one, 1, currency) is None


@pytest.mark.parametrize(
    ("interval", "count", "contracted"),
    [
        ("year", 1, True),
        ("month", 12, True),
        ("month", 11, False),
        ("week", 52, True),
        ("day", 365, True),
        (None, 1, False),
    ],
)
def test_a_year_or_longer_is_contracted(interval: str | None, count: int, contracted: bool) -> None:
    assert is_contracted(price("any", 1, interval, count)) is contracted


@pytest.mark.parametrize(
    ("currency", "places", "shown"),
    [
        ("eur", 2, "123.45"),
        ("jpy", 0, "12345"),
        ("isk", 2, "123.45"),
        ("ugx", 2, "123.45"),
        ("kwd", 3, "12.345"),
    ],
)
def test_minor_units_follow_stripes_list(currency: str, places: int, shown: str) -> None:
    assert decimals(currency) == places
    assert str(major(12_345_000_000, currency)) == shown
