"""Customers whose MRR is at risk on a local day, what all of them come to, and how far the look has come."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Organization, TenantModel


class Exposure(TenantModel):
    """One reason for which MRR of one customer may go; `detail` holds what its words tell in numbers.

    `due_at` is when it would go, of what is past due since when it is owed. `leads` marks the largest of a
    customer in a currency: those sum to the MRR at risk, in which everyone counts once.
    """

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "currency", "diagnosis"
    )
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    currency = models.TextField()
    diagnosis = models.TextField()
    amount_micro = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    leads = models.BooleanField()
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "currency", "-amount_micro", "-connection_id", "-customer_id"],
                condition=models.Q(leads=True),
                name="exposure_leading",
            ),
            models.Index(
                fields=[
                    "organization",
                    "currency",
                    "diagnosis",
                    "-amount_micro",
                    "-connection_id",
                    "-customer_id",
                ],
                name="exposure_by_diagnosis",
            ),
            models.Index(
                fields=["organization", "currency", "due_at", "connection_id", "customer_id"],
                condition=models.Q(leads=True),
                name="exposure_leading_by_date",
            ),
            models.Index(
                fields=["organization", "currency", "diagnosis", "due_at", "connection_id", "customer_id"],
                name="exposure_by_date",
            ),
        ]


class ExposureTotal(TenantModel):
    """What one diagnosis comes to in one currency; the empty one counts every customer once."""

    pk = models.CompositePrimaryKey("organization_id", "currency", "diagnosis")
    currency = models.TextField()
    diagnosis = models.TextField()
    customers = models.BigIntegerField()
    amount_micro = models.DecimalField(max_digits=40, decimal_places=0)


class Undiagnosed(TenantModel):
    """A customer who was computed again since the last look."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    marked = models.UUIDField()


class Diagnosing(TenantModel):
    """The local day, build and accounts that everyone's diagnosis is for, and whose turn was last.

    Without `finished` the customers of `connection_id` after `after`, and the accounts after it, are left.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    day = models.DateField()
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    connection_ids = ArrayField(models.UUIDField())
    edition = models.PositiveIntegerField()
    connection_id = models.UUIDField(null=True)
    after = models.CharField(max_length=255, blank=True)
    finished = models.BooleanField(default=False)
