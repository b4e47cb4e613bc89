"""One segment's arithmetic as a person reads it."""

from fractions import Fraction

import pytest

from dashboards.arithmetic_words import exact_text, formula, ignored, lines
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Coupon, Price, Tier
from metrics.core.history import Configuration
from metrics.core.ledger import segments
from metrics.core.pricing import Applied
from metrics.evidence.arithmetic import Explanation, explain

FLAT = [Tier(None, 4900)]
STEPS = [Tier(10, 500, 2000), Tier(None, 400)]
TWENTY = {"c": Coupon("c", "forever", Fraction(20))}
TEN_OFF = {"c": Coupon("c", "repeating", amounts_off={"eur": 1000})}


def explained(
    price: Price, quantity: int = 3, coupons: dict[str, Coupon] | None = None, **more: object
) -> Explanation:
    laid = tuple(Applied(True, f"di_{name}", name) for name in coupons or ())
    values: dict[str, object] = {"paid": True, "discounts": laid, **more}
    past = [Configuration("sub", "si", 0, None, "p", quantity, "eur", **values)]  # type: ignore[arg-type]
    catalogue = Catalogue({"p": price}, coupons or {})
    (segment,) = segments(past, catalogue, Definition())
    found = explain(segment, past, catalogue, Definition())
    assert found is not None
    return found


def price(tiers: list[Tier] = FLAT, **more: object) -> Price:
    return Price("p", "prod", {"eur": tiers}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (explained(price(), 1), "€49.00 × 1 = €49.00"),
        (
            explained(price(interval_count=3), coupons=TWENTY),
            "€49.00 × 3 − 20% forever ÷ 3 months = €39.20",
        ),
        (explained(price(interval="year")), "€49.00 × 3 ÷ 12 months = €12.25"),
        (explained(price([Tier(None, 1000)], interval="week"), 1), "€10.00 × 1 × 52 ÷ 12 = €43.33333333"),
        (explained(price([Tier(None, 100)], interval="day"), 1), "€1.00 × 1 × 365 ÷ 12 = €30.41666667"),
        (explained(price(STEPS, tiers_mode="graduated"), 12), "€5.00 × 10 + €20.00 + €4.00 × 2 = €78.00"),
        (explained(price(STEPS, tiers_mode="volume"), 12), "€4.00 × 12 = €48.00"),
        (explained(price(divide_by=5), 12), "(12 units in packages of 5, rounded up) €49.00 × 3 = €147.00"),
        (explained(price(), 1, TEN_OFF), "€49.00 × 1 − €10.00 for some months = €39.00"),
        (explained(price([Tier(None, 1200)]), 1, tax_share=Fraction(1, 6)), "€12.00 × 1 , tax out = €10.00"),
        (
            explained(price(), 1, status="trialing"),
            "€49.00 × 1 , left out: it is on trial and has never counted = €0.00",
        ),
        (
            explained(price(metered=True), usage=Fraction(700)),
            "€7.00 , left out: metered usage is not in MRR = €0.00",
        ),
    ],
)
def test_the_arithmetic_reads_as_one_line(told: Explanation, line: str) -> None:
    assert formula(told) == line.replace(" ,", ",")


def test_an_amount_without_an_end_is_marked() -> None:
    assert exact_text(Fraction(100, 3), "eur") == "≈ €0.333333"
    assert exact_text(Fraction(49, 4), "eur") == "€0.1225"
    assert exact_text(5, "jpy") == "¥5"


def test_each_step_says_what_it_leaves() -> None:
    told = lines(explained(price(interval_count=3), coupons=TWENTY))
    assert [line.left for line in told] == ["€147.00", "€117.60", "€39.20"]


def test_a_discount_that_takes_nothing_says_why() -> None:
    told = explained(price(), 1, {"c": Coupon("c", "once", Fraction(20))})
    (one,) = told.ignored
    assert ignored(one) == "c takes nothing off: the definition does not count discounts of this duration."
