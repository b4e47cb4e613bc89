"""The latest known state of each Stripe object.

`payload` is the object's JSON without personal data, compressed with zstd; embedded lists are complete in it.
The typed columns are those that later stages filter, join or order by. Stripe's words are stored as they
come: its enums are open, so no column limits their length.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import functions

from accounts.models import TenantModel


class Mirrored(TenantModel):
    connection_id = models.UUIDField()
    stripe_id = models.CharField(max_length=255)
    created_at = models.DateTimeField(null=True)
    payload = models.BinaryField()
    api_version = models.CharField(max_length=64)
    fetched_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @staticmethod
    def key() -> models.CompositePrimaryKey:
        return models.CompositePrimaryKey("organization_id", "connection_id", "stripe_id")


def by(table: str, *fields: str) -> list[models.Index]:
    """Return an index over the tenant, the connection and the field, for each field."""
    ours = ["organization", "connection_id"]
    return [models.Index(fields=[*ours, field], name=f"{table}_by_{field}"[:30]) for field in fields]


def stripe_id() -> "models.CharField[str, str]":
    return models.CharField(max_length=255, blank=True)


def word() -> "models.TextField[str, str]":
    return models.TextField(blank=True)


def catalog() -> "ArrayField[list[str], list[str]]":
    """Hold the prices, coupons and tax rates an object names, so that a change of one finds its customers."""
    return ArrayField(models.TextField(), default=list)


class Customer(Mirrored):
    pk = Mirrored.key()
    currency = word()
    delinquent = models.BooleanField(default=False)
    catalog_ids = catalog()

    class Meta:
        indexes = by("customer", "created_at")


class Payer(TenantModel):
    """A customer's personal data, once: no other row of the mirror holds any."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    name_lower = models.GeneratedField(
        expression=functions.Lower("name"), output_field=models.TextField(), db_persist=True
    )
    email_lower = models.GeneratedField(
        expression=functions.Lower("email"), output_field=models.TextField(), db_persist=True
    )
    fields = models.BinaryField()
    fetched_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                "organization",
                "connection_id",
                OpClass("name_lower", "text_pattern_ops"),
                name="payer_by_name",
            ),
            models.Index(
                "organization",
                "connection_id",
                OpClass("email_lower", "text_pattern_ops"),
                name="payer_by_email",
            ),
        ]


class Product(Mirrored):
    pk = Mirrored.key()
    name = word()
    active = models.BooleanField(default=True)

    class Meta:
        indexes = by("product", "created_at")


class Price(Mirrored):
    pk = Mirrored.key()
    product_id = stripe_id()
    currency = word()
    interval = word()
    interval_count = models.BigIntegerField(null=True)
    usage_type = word()
    nickname = word()
    active = models.BooleanField(default=True)

    class Meta:
        indexes = by("price", "created_at")


class Coupon(Mirrored):
    pk = Mirrored.key()
    duration = word()

    class Meta:
        indexes = by("coupon", "created_at")


class PromotionCode(Mirrored):
    pk = Mirrored.key()
    coupon_id = stripe_id()

    class Meta:
        indexes = by("promotion_code", "created_at")


class TaxRate(Mirrored):
    pk = Mirrored.key()
    inclusive = models.BooleanField(default=False)

    class Meta:
        indexes = by("tax_rate", "created_at")


class Subscription(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    status = word()
    currency = word()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_at_period_end = models.BooleanField(default=False)
    catalog_ids = catalog()

    class Meta:
        indexes = by("subscription", "customer_id", "created_at")


class SubscriptionSchedule(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    subscription_id = stripe_id()
    status = word()

    class Meta:
        indexes = by("schedule", "customer_id", "created_at")


class Invoice(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    subscription_id = stripe_id()
    status = word()
    currency = word()
    billing_reason = word()
    total_minor = models.BigIntegerField(null=True)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = by("invoice", "customer_id", "created_at")


class InvoiceItem(Mirrored):
    """An amount for an invoice; while `invoice_id` is empty it waits for the next one."""

    pk = Mirrored.key()
    customer_id = stripe_id()
    invoice_id = stripe_id()

    class Meta:
        indexes = by("invoice_item", "customer_id", "created_at")


class InvoicePayment(Mirrored):
    """Which payment settles which invoice; `payment_id` is its payment intent, else its charge."""

    pk = Mirrored.key()
    invoice_id = stripe_id()
    payment_id = stripe_id()
    status = word()

    class Meta:
        indexes = by("invoice_payment", "invoice_id", "payment_id", "created_at")


class Charge(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    payment_intent_id = stripe_id()
    status = word()
    currency = word()
    amount_minor = models.BigIntegerField(null=True)
    amount_refunded_minor = models.BigIntegerField(null=True)
    failure_code = word()

    class Meta:
        indexes = [
            *by("charge", "customer_id", "created_at"),
            models.Index(
                fields=["organization", "created_at"],
                condition=models.Q(status="failed"),
                name="failed_charge_by_time",
            ),
        ]


class Refund(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    charge_id = stripe_id()
    payment_intent_id = stripe_id()
    status = word()
    amount_minor = models.BigIntegerField(null=True)

    class Meta:
        indexes = by("refund", "customer_id", "charge_id", "created_at")


class CreditNote(Mirrored):
    pk = Mirrored.key()
    customer_id = stripe_id()
    invoice_id = stripe_id()
    status = word()

    class Meta:
        indexes = by("credit_note", "customer_id", "created_at")


class Dispute(Mirrored):
    pk = Mirrored.key()
    charge_id = stripe_id()
    status = word()

    class Meta:
        indexes = by("dispute", "created_at")


class PaymentMethod(Mirrored):
    """A card's expiry, read where customers and subscriptions name their default."""

    pk = Mirrored.key()
    customer_id = stripe_id()
    exp_month = models.BigIntegerField(null=True)
    exp_year = models.BigIntegerField(null=True)

    class Meta:
        indexes = by("payment_method", "customer_id")


class BalanceTransaction(Mirrored):
    pk = Mirrored.key()
    source_id = stripe_id()
    type = word()

    class Meta:
        indexes = by("balance_transaction", "created_at")


class Event(Mirrored):
    """What Stripe said happened; kept for ever, the only exact source of dates.

    `position` orders the events of an archive; `applied_at` is empty while the object that the event names is
    still to be fetched.
    """

    pk = Mirrored.key()
    type = word()
    object_type = word()
    object_id = stripe_id()
    customer_id = stripe_id()
    position = models.BigIntegerField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            *by("event", "customer_id", "created_at"),
            models.Index(
                fields=["organization", "connection_id", "created_at"],
                condition=models.Q(applied_at__isnull=True),
                name="event_to_apply",
            ),
        ]
