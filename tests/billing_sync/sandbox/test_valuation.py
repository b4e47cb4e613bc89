"""The sandbox's own arithmetic is exact."""

from decimal import Decimal
from fractions import Fraction

import pytest

from billing_sync.sandbox.records import Price, Tier
from billing_sync.sandbox.valuation import interval_amount, micro, monthly


def price(**terms: object) -> Price:
    return Price("price_1", "prod_1", "usd", 0, **terms)  # type: ignore[arg-type]


TIERS = (Tier(5, Decimal(1000)), Tier(20, Decimal(800), Decimal(500)), Tier(None, Decimal("600.5")))


@pytest.mark.parametrize(
    ("interval", "count", "amount", "expected"),
    [
        ("month", 1, 5_000, 5_000_000_000),
        ("month", 3, 15_000, 5_000_000_000),
        ("year", 1, 60_000, 5_000_000_000),
        ("week", 1, 1_000, 4_333_333_333),
        ("day", 1, 100, 3_041_666_667),
    ],
)
def test_every_interval_is_worth_its_share_of_a_month(
    interval: str, count: int, amount: int, expected: int
) -> None:
    given = price(unit_amount=Decimal(amount), interval=interval, interval_count=count)
    assert micro(monthly(given, interval_amount(given, 1))) == expected


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("graduated", 3, 3_000),
        ("graduated", 7, 5 * 1_000 + 500 + 2 * 800),
        ("graduated", 22, 5_000 + 500 + 15 * 800 + Fraction("1201")),
        ("volume", 5, 5_000),
        ("volume", 7, 500 + 7 * 800),
        ("volume", 22, 22 * Fraction("600.5")),
    ],
)
def test_tiers_price_the_quantity(mode: str, quantity: int, expected: Fraction) -> None:
    assert interval_amount(price(tiers=TIERS, tiers_mode=mode), quantity) == expected


@pytest.mark.parametrize(("direction", "expected"), [("up", 3), ("down", 2)])
def test_packages_round_as_the_price_says(direction: str, expected: int) -> None:
    given = price(unit_amount=Decimal(1), divide_by=10, round=direction)
    assert interval_amount(given, 25) == expected


def test_halves_of_a_millionth_go_to_the_even_one() -> None:
    assert [micro(Fraction(1, 2_000_000)), micro(Fraction(3, 2_000_000))] == [0, 2]
