"""What coupons leave of what items ask."""

from fractions import Fraction

from metrics.core.facts import Coupon, Exact
from metrics.core.pricing import Applied, Charge, discounted
from tests.metrics.core.build import COUPONS


def charge(amount: int, *coupons: str, product: str = "prod_basic", on_item: bool = False) -> Charge:
    laid = tuple(Applied(not on_item, f"di_{name}", name) for name in coupons)
    return Charge(Fraction(amount), product, laid)


def left(*charges: Charge) -> list[Exact]:
    return discounted(charges, COUPONS, "eur")


def test_percentages_compound() -> None:
    assert left(charge(1000, "half", "tenth")) == [450]


def test_percentages_come_before_amounts() -> None:
    assert left(charge(2000, "five", "half")) == [500]


def test_an_amount_is_shared_in_proportion() -> None:
    assert left(charge(3000, "five"), charge(2000, "five")) == [2700, 1800]


def test_an_amount_on_one_item_leaves_the_other_alone() -> None:
    assert left(charge(3000, "five", on_item=True), charge(2000)) == [2500, 2000]


def test_an_amount_never_goes_below_zero() -> None:
    assert left(charge(300, "five"), charge(0, "five")) == [0, 0]
    assert left(charge(0, "five")) == [0]


def test_a_percentage_above_100_leaves_zero() -> None:
    more = {"wild": Coupon("wild", "forever", percent_off=Fraction(150))}
    assert discounted([charge(1000, "wild")], more, "eur") == [0]


def test_a_coupon_limited_to_products_leaves_others_alone() -> None:
    assert left(charge(1000, "pro_only"), charge(1000, "pro_only", product="prod_pro")) == [1000, 800]


def test_a_coupon_of_another_currency_takes_nothing_off() -> None:
    assert discounted([charge(1000, "five")], COUPONS, "usd") == [1000]


def test_an_unknown_amount_stays_nothing() -> None:
    assert discounted([Charge(None, "prod_basic", ())], COUPONS, "eur") == [0]
