"""Invoice lines as amounts, each told apart by what it bills."""

from django.db import models

from accounts.models import TenantModel


class InvoicedLine(TenantModel):
    """One line of an invoice that was opened: `amount` = its net + `discount` + `tax`, in minor units.

    `kind` says what it bills, whatever a definition makes of it; `position` tells lines apart whose ids
    repeat. Of `discount`, coupons that last once and some months took `once_discount` and
    `repeating_discount`; of `tax`, inclusive and exclusive together, `added_tax` came on top of the price.
    """

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "invoice_id", "position"
    )
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    invoice_id = models.CharField(max_length=255)
    position = models.PositiveIntegerField()
    line_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255, blank=True)
    item_id = models.CharField(max_length=255, blank=True)
    price_id = models.CharField(max_length=255, blank=True)
    currency = models.TextField()
    status = models.TextField()
    billed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    kind = models.TextField()
    amount = models.BigIntegerField()
    discount = models.BigIntegerField()
    once_discount = models.BigIntegerField()
    repeating_discount = models.BigIntegerField()
    tax = models.BigIntegerField()
    added_tax = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "currency", "billed_at"], name="invoiced_line_by_time")
        ]
