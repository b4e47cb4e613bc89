"""Customers' countries as a column, since what Stripe tells of a person is kept compressed."""

from django.db import models

from accounts.models import TenantModel


class CustomerCountry(TenantModel):
    """The two letters of a customer's address, nothing where it has none, as read at `fetched_at`."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    country = models.CharField(max_length=2, blank=True)
    fetched_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "country", "connection_id", "customer_id"], name="country_customers"
            )
        ]
