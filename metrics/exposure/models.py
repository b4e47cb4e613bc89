"""Diagnoses of customers whose MRR is at risk today."""

from django.db import models

from accounts.models import TenantModel


class Exposure(TenantModel):
    """One reason for which part of one customer's MRR may go, as of the last look after a sync.

    `due_at` is when it would go, where that is known; `detail` holds what the diagnosis says in numbers.
    """

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "diagnosis", "subscription_id", "currency"
    )
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    diagnosis = models.CharField(max_length=32)
    subscription_id = models.CharField(max_length=255, blank=True)
    currency = models.TextField()
    amount_micro = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "currency", "-amount_micro", "-connection_id", "-customer_id"],
                name="exposure_by_amount",
            )
        ]
