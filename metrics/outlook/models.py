"""Dated changes that are decided, one row for a subscription, kind and local day."""

from django.db import models

from accounts.models import TenantModel


class DecidedChange(TenantModel):
    """What a subscription's dates decide on a local day; the last of all days is that of no known date.

    `amount_micro` is signed where MRR moves; of a card or a renewal it is the MRR at risk.
    `committed_micro` is what the change already moves in committed MRR.
    """

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "subscription_id", "currency", "kind", "due_on"
    )
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255)
    currency = models.TextField()
    kind = models.TextField()
    due_on = models.DateField()
    due_at = models.DateTimeField(null=True)
    amount_micro = models.BigIntegerField()
    committed_micro = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=[
                    "organization",
                    "currency",
                    "due_on",
                    "kind",
                    "connection_id",
                    "customer_id",
                    "subscription_id",
                ],
                include=["amount_micro", "committed_micro"],
                name="decided_by_day",
            ),
        ]
