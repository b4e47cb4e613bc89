"""Who owns the account, who pays it, and what they pay with."""

from dataclasses import dataclass

from .offers import Coupon


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    name: str
    country: str
    currency: str
    created: int
    time_zone: str


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    id: str
    customer: str
    created: int
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str


@dataclass(frozen=True, slots=True)
class Discount:
    id: str
    coupon: Coupon
    start: int
    end: int | None = None
    customer: str | None = None
    subscription: str | None = None
    item: str | None = None
    promotion_code: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    created: int
    name: str
    email: str
    country: str
    payment_method: str
    invoice_prefix: str
    currency: str | None = None
    balance: int = 0
    delinquent: bool = False
    next_number: int = 1
    discount: Discount | None = None
    deleted: bool = False
