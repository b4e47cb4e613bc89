"""Who owns the account, who pays it, and what they pay with."""

from .offers import Coupon
from .record import Record


class Account(Record, frozen=True):
    id: str
    name: str
    country: str
    currency: str
    created: int
    time_zone: str


class PaymentMethod(Record, frozen=True):
    id: str
    customer: str
    created: int
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    country: str


class Discount(Record, frozen=True):
    id: str
    coupon: Coupon
    start: int
    end: int | None = None
    customer: str | None = None
    subscription: str | None = None
    item: str | None = None
    promotion_code: str | None = None


class Customer(Record, frozen=True):
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
