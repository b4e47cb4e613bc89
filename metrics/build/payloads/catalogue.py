"""Prices, coupons, discounts and tax rates."""

from decimal import Decimal

from msgspec import Struct

from metrics.build.payloads.common import Reference


class Tier(Struct, gc=False):
    up_to: int | None = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    flat_amount: int | None = None
    flat_amount_decimal: Decimal | None = None


class Amount(Struct):
    """What a price or one of its currency options asks."""

    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None


class Recurring(Struct, gc=False):
    interval: str = "month"
    interval_count: int = 1
    usage_type: str | None = None


class Transform(Struct, gc=False):
    divide_by: int = 1
    round: str = "up"


class Price(Struct):
    id: str
    currency: str = ""
    product: Reference = None
    unit_amount: int | None = None
    unit_amount_decimal: Decimal | None = None
    tiers: list[Tier] | None = None
    tiers_mode: str | None = None
    currency_options: dict[str, Amount] | None = None
    recurring: Recurring | None = None
    transform_quantity: Transform | None = None
    tax_behavior: str | None = None


class AmountOff(Struct, gc=False):
    amount_off: int | None = None


class Products(Struct):
    products: list[str] | None = None


class Coupon(Struct):
    id: str
    duration: str | None = None
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    currency_options: dict[str, AmountOff] | None = None
    duration_in_months: int | None = None
    applies_to: Products | None = None


class CouponSource(Struct):
    coupon: str | Coupon | None = None


class Discount(Struct):
    id: str = ""
    source: CouponSource | None = None
    coupon: str | Coupon | None = None
    start: int | None = None
    end: int | None = None
    subscription: str | None = None
    subscription_item: str | None = None
    invoice: str | None = None
    invoice_item: str | None = None


DiscountList = list[str | Discount | None] | None


class TaxRate(Struct, gc=False):
    inclusive: bool = False
    percentage: Decimal | None = None
    effective_percentage: Decimal | None = None


TaxRates = list[TaxRate | str | None] | None
