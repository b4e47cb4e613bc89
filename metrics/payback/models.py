"""What was spent on winning customers, which channel each came by, and what cohorts by channel began with."""

import uuid

from django.db import models

from accounts.models import Organization, TenantModel, User


class PaybackSettings(TenantModel):
    """Under which key of a customer's metadata the channel stands, and the gross margin.

    The margin is in hundredths of a percent. `read_key` is the key by which channels were read last.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    channel_key = models.CharField(max_length=40, blank=True)
    margin = models.PositiveIntegerField(null=True)
    read_key = models.CharField(max_length=40, blank=True)


class SpendFile(TenantModel):
    """A table of spend: one is in force, another may be proposed in its place."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    rows = models.PositiveIntegerField()
    in_force = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )


class Spend(TenantModel):
    """What a table says was spent on a channel in a month, in one currency."""

    pk = models.CompositePrimaryKey("organization_id", "file_id", "month", "channel", "currency")
    file_id = models.UUIDField()
    month = models.DateField()
    channel = models.TextField()
    currency = models.TextField()
    amount_micro = models.BigIntegerField()


class CustomerChannel(TenantModel):
    """The channel that a customer's metadata name, nothing where they name none, as read at `fetched_at`."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    channel = models.TextField(blank=True)
    fetched_at = models.DateTimeField()


class ChannelCohort(TenantModel):
    """What the customers who began in a month by one channel held at its end, and how many began."""

    pk = models.CompositePrimaryKey("organization_id", "currency", "month", "channel")
    currency = models.TextField()
    month = models.DateField()
    channel = models.TextField(blank=True)
    base_micro = models.DecimalField(max_digits=40, decimal_places=0)
    joined = models.BigIntegerField()
