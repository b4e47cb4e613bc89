"""What an account sells: products, prices, coupons, tax rates."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    name: str
    created: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Tier:
    up_to: int | None
    unit_amount: Decimal | None
    flat_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
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


@dataclass(frozen=True, slots=True)
class Coupon:
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


@dataclass(frozen=True, slots=True)
class PromotionCode:
    id: str
    code: str
    coupon: str
    created: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class TaxRate:
    id: str
    display_name: str
    percentage: Decimal
    inclusive: bool
    country: str
    created: int
