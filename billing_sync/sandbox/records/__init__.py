"""Facts about an invented account, as small immutable records; instants are Unix seconds."""

from .events import Event
from .invoices import Invoice, InvoiceItem, Line, Tax
from .offers import Coupon, Price, Product, PromotionCode, TaxRate, Tier
from .payments import Charge, CreditLine, CreditNote, Dispute, Intent, Refund, Transaction
from .people import Account, Customer, Discount, PaymentMethod
from .subscriptions import Item, Phase, Schedule, Subscription

__all__ = [
    "Account",
    "Charge",
    "Coupon",
    "CreditLine",
    "CreditNote",
    "Customer",
    "Discount",
    "Dispute",
    "Event",
    "Intent",
    "Invoice",
    "InvoiceItem",
    "Item",
    "Line",
    "PaymentMethod",
    "Phase",
    "Price",
    "Product",
    "PromotionCode",
    "Refund",
    "Schedule",
    "Subscription",
    "Tax",
    "TaxRate",
    "Tier",
    "Transaction",
]
