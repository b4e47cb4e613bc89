"""Configurations for tests of the bridge, each as it holds at one instant."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from metrics.bridge.variants import variants
from metrics.bridge.vendors import VENDORS
from metrics.bridge.walk import Walked, Walker, walked
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Coupon, Tier
from metrics.core.history import Configuration
from metrics.core.pricing import Applied
from tests.metrics.core.build import price

DAY = 86_400
NOW = 1_000 * DAY
UNIT = 100_000_000
PRICES = {
    one.id: one
    for one in (
        price("five", 500),
        price("ten", 1_000),
        price("thirty", 3_000),
        price("hundred", 10_000),
        price("year_120", 12_000, "year"),
        price("year_500", 50_000, "year"),
        price("year_600", 60_000, "year"),
        price("year_1200", 120_000, "year"),
        price("quarter_150", 15_000, "month", 3),
        price("calls", 2, metered=True),
        price("free", 0),
        price("dollars", 0, amounts={"usd": (Tier(None, 1_000),)}),
    )
}
COUPONS = {
    one.id: one
    for one in (
        Coupon("half_for_ever", "forever", percent_off=Fraction(50)),
        Coupon("tenth_for_ever", "forever", percent_off=Fraction(10)),
        Coupon("tenth_for_months", "repeating", percent_off=Fraction(10), duration_in_months=3),
        Coupon("half_once", "once", percent_off=Fraction(50)),
        Coupon("all", "forever", percent_off=Fraction(100)),
    )
}
CATALOGUE = Catalogue(PRICES, COUPONS)


def holding(
    name: str, quantity: int = 1, *, coupon: str = "", sub: str = "sub", **more: Any
) -> Configuration:
    """Return one open subscription with one item on a price, started 100 days ago."""
    discounts = (Applied(True, f"di_{coupon}", coupon),) if coupon else ()
    row = Configuration(sub, f"si_{sub}", NOW - 100 * DAY, None, name, quantity, "eur", discounts=discounts)
    return row._replace(**more)


def walk(*rows: Configuration, at: int = NOW, **settings: Any) -> Walked:
    """Walk one customer from our rules, the default ones with some settings changed, to every tool's."""
    ours = replace(Definition(), **settings)
    tools = {name: variants(rules, ours) for name, rules in VENDORS.items()}
    return walked(Walker(rows, CATALOGUE, "eur", at), ours, tools)


def mrr(tool: str, *rows: Configuration, at: int = NOW) -> int:
    """Return the minor units that a tool shows for one customer."""
    return walk(*rows, at=at).theirs_micro[tool] // 1_000_000
