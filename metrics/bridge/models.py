"""Comparisons of one build with other rules, and figures of other tools that were uploaded."""

import uuid

from django.db import models

from accounts.models import TenantModel, User
from metrics.built import Built


class Comparison(Built):
    """What one build's data come to under other rules, in one currency at one instant."""

    pk = Built.key("subject", "month", "currency")
    subject = models.CharField(max_length=32)
    month = models.DateField()
    currency = models.TextField()
    result = models.JSONField()
    computed_at = models.DateTimeField()


class ComparedAmount(Built):
    """A subscription on which other rules come to another amount, and the rule that makes it so."""

    pk = Built.key("subject", "month", "currency", "rule", "connection_id", "customer_id", "subscription_id")
    subject = models.CharField(max_length=32)
    month = models.DateField()
    currency = models.TextField()
    rule = models.CharField(max_length=64)
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255, blank=True)
    ours_micro = models.BigIntegerField()
    theirs_micro = models.BigIntegerField()


class Upload(TenantModel):
    """A CSV of another tool: its bytes, and what its columns were said to be; none until then."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=255)
    content = models.BinaryField()
    columns = models.JSONField(null=True)
    state = models.CharField(max_length=16, default="mapping")
    error = models.TextField(blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )


class UploadedAmount(TenantModel):
    """What an uploaded file says one customer's MRR was at a month's end."""

    pk = models.CompositePrimaryKey("organization_id", "upload_id", "month", "currency", "customer")
    upload_id = models.UUIDField()
    month = models.DateField()
    currency = models.TextField()
    customer = models.CharField(max_length=255)
    amount_micro = models.BigIntegerField()
