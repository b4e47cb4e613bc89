"""What an account sells: products, prices, coupons, tax rates."""

from decimal import Decimal

from .record import Record


class Product(Record, frozen=True):
    id: str
    name: str
    created: int
    active: bool = True


class Tier(Record, frozen=True):
    up_to: int | None
    unit_amount: Decimal | None
    flat_amount: Decimal | None = None


class Price(Record, frozen=True):
    """Hold a price; `unit_amount` is in minor units with up to 12 decimals."""

    id: str
    product: str
    currency: str
    created: int
    unit_amount: Decimal | None = None
    interval: str | None = "month"
    interval_count: int = 1
    usage_type: str = "licensed"
    nickname: str | None = None
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    divide_by: int | None = None
    round: str = "up"
    tax_behavior: str = "unspecified"
    currency_options: tuple[tuple[str, Decimal], ...] = ()
    active: bool = True


class Coupon(Record, frozen=True):
    id: str
    name: str
    created: int
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    duration: str = "forever"
    duration_in_months: int | None = None
    products: tuple[str, ...] = ()
    currency_options: tuple[tuple[str, int], ...] = ()
    times_redeemed: int = 0
    valid: bool = True


class PromotionCode(Record, frozen=True):
    id: str
    code: str
    coupon: str
    created: int
    active: bool = True


class TaxRate(Record, frozen=True):
    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool
    country: str
    created: int
