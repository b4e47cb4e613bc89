"""What is mirrored: a record for each kind of Stripe object. The rest of this app reads this table."""

from django.utils.translation import gettext_lazy as _

from billing_sync import models
from billing_sync.columns import catalogue, customer_of_event, flag, identity, instant, integer, text
from billing_sync.resource import Embedded, Resource, Touches

CUSTOMER = identity("customer_id", "customer")
STATUS = text("status")
CURRENCY = text("currency")


PRODUCTS = Resource(
    "products",
    "product",
    _("Products"),
    models.Product,
    "rak_product_read",
    _("Products"),
    Touches.NOBODY,
    (text("name"), flag("active", default=True)),
    required=True,
)
PRICES = Resource(
    "prices",
    "price",
    _("Prices"),
    models.Price,
    "rak_plan_read",
    _("Prices"),
    Touches.WHO_NAMES_IT,
    (
        identity("product_id", "product"),
        CURRENCY,
        text("interval", "recurring.interval", "interval"),
        integer("interval_count", "recurring.interval_count", "interval_count"),
        text("usage_type", "recurring.usage_type", "usage_type"),
        text("nickname"),
        flag("active", default=True),
    ),
    required=True,
    expand=("data.tiers", "data.currency_options"),
)
COUPONS = Resource(
    "coupons",
    "coupon",
    _("Coupons"),
    models.Coupon,
    "rak_coupon_read",
    _("Coupons"),
    Touches.WHO_NAMES_IT,
    (text("duration"),),
    expand=("data.applies_to",),
)
PROMOTION_CODES = Resource(
    "promotion_codes",
    "promotion_code",
    _("Promotion codes"),
    models.PromotionCode,
    "rak_promotion_code_read",
    _("Promotion codes"),
    Touches.NOBODY,
    (identity("coupon_id", "promotion.coupon", "coupon"),),
)
TAX_RATES = Resource(
    "tax_rates",
    "tax_rate",
    _("Tax rates"),
    models.TaxRate,
    "rak_tax_rate_read",
    _("Tax rates"),
    Touches.WHO_NAMES_IT,
    (flag("inclusive"),),
)
CUSTOMERS = Resource(
    "customers",
    "customer",
    _("Customers"),
    models.Customer,
    "rak_customer_read",
    _("Customers"),
    Touches.ITSELF,
    (CURRENCY, flag("delinquent"), catalogue()),
    required=True,
    expand=("data.invoice_settings.default_payment_method",),
)
SUBSCRIPTIONS = Resource(
    "subscriptions",
    "subscription",
    _("Subscriptions"),
    models.Subscription,
    "rak_subscription_read",
    _("Subscriptions"),
    Touches.ITS_CUSTOMER,
    (
        CUSTOMER,
        STATUS,
        CURRENCY,
        instant("started_at", "start_date", "created"),
        instant("ended_at"),
        flag("cancel_at_period_end"),
        catalogue(),
    ),
    required=True,
    params={"status": "all"},
    expand=("data.default_payment_method", "data.discounts", "data.items.data.discounts"),
    embedded=(Embedded("items", "/v1/subscription_items", {"subscription": "{id}"}),),
)
SCHEDULES = Resource(
    "subscription_schedules",
    "subscription_schedule",
    _("Subscription schedules"),
    models.SubscriptionSchedule,
    "rak_subscription_read",
    _("Subscriptions"),
    Touches.ITS_CUSTOMER,
    (CUSTOMER, identity("subscription_id", "subscription", "released_subscription"), STATUS),
)
INVOICES = Resource(
    "invoices",
    "invoice",
    _("Invoices"),
    models.Invoice,
    "rak_invoice_read",
    _("Invoices"),
    Touches.ITS_CUSTOMER,
    (
        CUSTOMER,
        identity("subscription_id", "parent.subscription_details.subscription", "subscription"),
        STATUS,
        CURRENCY,
        text("billing_reason"),
        integer("total_minor", "total"),
        instant("paid_at", "status_transitions.paid_at"),
    ),
    required=True,
    # What lay on one item alone shows on its lines, long after it has ended.
    expand=("data.discounts", "data.lines.data.discounts"),
    embedded=(Embedded("lines", "/v1/invoices/{id}/lines"),),
)
INVOICE_ITEMS = Resource(
    "invoiceitems",
    "invoiceitem",
    _("Invoice items"),
    models.InvoiceItem,
    "rak_invoice_read",
    _("Invoices"),
    Touches.ITS_CUSTOMER,
    (CUSTOMER, identity("invoice_id", "invoice")),
)
INVOICE_PAYMENTS = Resource(
    "invoice_payments",
    "invoice_payment",
    _("Invoice payments"),
    models.InvoicePayment,
    "rak_invoice_read",
    _("Invoices"),
    Touches.ITS_INVOICE,
    (
        identity("invoice_id", "invoice"),
        identity("payment_id", "payment.payment_intent", "payment.charge"),
        STATUS,
    ),
)
CHARGES = Resource(
    "charges",
    "charge",
    _("Charges"),
    models.Charge,
    "rak_charge_read",
    _("Charges"),
    Touches.ITS_CUSTOMER,
    (
        CUSTOMER,
        identity("payment_intent_id", "payment_intent"),
        STATUS,
        CURRENCY,
        integer("amount_minor", "amount"),
        integer("amount_refunded_minor", "amount_refunded"),
        text("failure_code"),
    ),
    embedded=(Embedded("refunds", "/v1/refunds", {"charge": "{id}"}),),
)
REFUNDS = Resource(
    "refunds",
    "refund",
    _("Refunds"),
    models.Refund,
    "rak_charge_read",
    _("Charges"),
    Touches.ITS_CHARGE,
    (
        CUSTOMER,
        identity("charge_id", "charge"),
        identity("payment_intent_id", "payment_intent"),
        STATUS,
        integer("amount_minor", "amount"),
    ),
)
CREDIT_NOTES = Resource(
    "credit_notes",
    "credit_note",
    _("Credit notes"),
    models.CreditNote,
    "rak_credit_note_read",
    _("Credit notes"),
    Touches.ITS_CUSTOMER,
    (CUSTOMER, identity("invoice_id", "invoice"), STATUS),
    embedded=(Embedded("lines", "/v1/credit_notes/{id}/lines"),),
)
DISPUTES = Resource(
    "disputes",
    "dispute",
    _("Disputes"),
    models.Dispute,
    "rak_dispute_read",
    _("Disputes"),
    Touches.NOBODY,
    (identity("charge_id", "charge"), STATUS),
)
BALANCE_TRANSACTIONS = Resource(
    "balance_transactions",
    "balance_transaction",
    _("Balance transactions"),
    models.BalanceTransaction,
    "rak_balance_transaction_source_read",
    _("Balance transactions"),
    Touches.NOBODY,
    (identity("source_id", "source"), text("type")),
)
EVENTS = Resource(
    "events",
    "event",
    _("Events"),
    models.Event,
    "rak_event_read",
    _("Events"),
    Touches.ITS_CUSTOMER,
    (
        text("type"),
        text("object_type", "data.object.object"),
        identity("object_id", "data.object.id"),
        customer_of_event(),
    ),
)
PAYMENT_METHODS = Resource(
    "payment_methods",
    "payment_method",
    _("Payment methods"),
    models.PaymentMethod,
    "rak_payment_method_read",
    _("Payment methods"),
    Touches.NOBODY,
    (
        CUSTOMER,
        integer("exp_month", "card.exp_month", "exp_month"),
        integer("exp_year", "card.exp_year", "exp_year"),
    ),
    listed=False,
)

# In the order of reading: what others name comes first.
RESOURCES = (
    PRODUCTS,
    PRICES,
    COUPONS,
    PROMOTION_CODES,
    TAX_RATES,
    CUSTOMERS,
    SUBSCRIPTIONS,
    SCHEDULES,
    INVOICES,
    INVOICE_ITEMS,
    INVOICE_PAYMENTS,
    CHARGES,
    REFUNDS,
    CREDIT_NOTES,
    DISPUTES,
    BALANCE_TRANSACTIONS,
    EVENTS,
)
MIRRORED = (*RESOURCES, PAYMENT_METHODS)
BY_NAME = {resource.name: resource for resource in MIRRORED}
BY_KIND = {resource.kind: resource for resource in MIRRORED}
# The end of a subscription or of a discount is told by an event of that name too: no object is gone.
_ENDS = frozenset({"subscription", "discount"})


def tells_deletion(event_type: str) -> bool:
    """Tell whether an event of the type says that its object is gone from Stripe."""
    *_, kind, verb = ["", *event_type.split(".")]
    return verb == "deleted" and kind not in _ENDS
