"""Previews of other rules, the ledger of restatements, and months as they were published."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantModel, User


def who() -> "models.ForeignKey[User | None, User | None]":
    return models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)


class Preview(TenantModel):
    """What other settings would make of the whole history, computed from one build; it changes nothing.

    `settings` holds the proposed ones alone; `result` is the comparison by month, once it is done.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    settings = models.JSONField()
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    state = models.CharField(max_length=16, default="waiting")
    customers_done = models.PositiveBigIntegerField(default=0)
    customers = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = who()


class PreviewedChange(TenantModel):
    """A subscription that the proposed settings would value otherwise, largest change first.

    The amounts are those at the preview's instant; the history differs over `[differs_from, differs_until)`.
    """

    pk = models.CompositePrimaryKey("organization_id", "preview_id", "position")
    preview_id = models.UUIDField()
    position = models.PositiveBigIntegerField()
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255)
    currency = models.TextField()
    before_micro = models.BigIntegerField()
    after_micro = models.BigIntegerField()
    differs_from = models.DateTimeField()
    differs_until = models.DateTimeField(null=True)


class Restatement(TenantModel):
    """Published numbers changed: when, for what cause, and what each was before and is now.

    `changes` lists month, currency, figure, before and after in micro units; `objects` are Stripe ids.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    cause = models.CharField(max_length=32)
    detail = models.JSONField(default=dict)
    months = ArrayField(models.DateField(), default=list)
    changes = models.JSONField(default=list)
    objects_named = ArrayField(models.TextField(), default=list)
    definition_version = models.PositiveIntegerField()
    by = who()

    class Meta:
        indexes = [models.Index(fields=["organization", "at"], name="restatement_by_time")]


class ClosedMonth(TenantModel):
    """One month's numbers in one currency as they were published, and as they were last restated.

    Both hold the flows in micro units; what was published also its period and the alert rules' version.
    """

    pk = models.CompositePrimaryKey("organization_id", "month", "currency")
    month = models.DateField()
    currency = models.TextField()
    figures = models.JSONField()
    restated = models.JSONField()
    definition_version = models.PositiveIntegerField()
    data_through = models.DateTimeField(null=True)
    closed_at = models.DateTimeField()
    closed_by = who()


class ClosedBalance(TenantModel):
    """What one customer was in a closed month: MRR before and at its end, and all that moved it between.

    `facts` are as published, `restated` as the last restatement found them, null while nothing changed.
    """

    pk = models.CompositePrimaryKey("organization_id", "month", "currency", "connection_id", "customer_id")
    month = models.DateField()
    currency = models.TextField()
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    starting_micro = models.BigIntegerField()
    ending_micro = models.BigIntegerField()
    facts = models.JSONField(default=dict)
    restated = models.JSONField(null=True)
