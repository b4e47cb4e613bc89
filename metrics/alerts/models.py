"""Firing alerts, what was said about them, and the rules' own settings."""

import uuid

from django.db import models

from accounts.models import Organization, TenantModel, User


class AlertRules(TenantModel):
    """One version of the rules' thresholds; a version that judged anything never changes."""

    pk = models.CompositePrimaryKey("organization_id", "version")
    version = models.PositiveIntegerField()
    settings = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )


class Alert(TenantModel):
    """One firing period of a rule in one currency, from the day it fired to the day it cleared.

    `value` and `threshold` are exact fractions written as text; `evidence` holds Stripe ids, days and
    amounts, never a payer's name.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    rule = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    fired_on = models.DateField()
    recovered_on = models.DateField(null=True)
    value = models.TextField(blank=True)
    threshold = models.TextField(blank=True)
    evidence = models.JSONField(default=dict)
    rules_version = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "currency", "rule"],
                condition=models.Q(recovered_on=None),
                name="one_firing_alert_each",
            ),
            models.UniqueConstraint(
                fields=["organization", "currency", "rule", "fired_on"], name="one_alert_a_day_each"
            ),
        ]


class Acknowledgement(TenantModel):
    """Someone has seen an alert, and wants to hear nothing more of it until a day."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    alert_id = models.UUIDField()
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    at = models.DateTimeField()
    until = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "alert_id"], name="acknowledgement_by_alert")]


class AlertEvaluation(TenantModel):
    """What was last judged: the same day over the same tables under the same rules costs nothing again."""

    pk = models.CompositePrimaryKey("organization_id", "currency")
    currency = models.CharField(max_length=3)
    through = models.DateField()
    build = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()
    rules_version = models.PositiveIntegerField()
    silence = models.CharField(max_length=32, blank=True)


class MailPreference(TenantModel):
    """Which e-mails one member wants from one organization; without a row, the defaults hold."""

    pk = models.CompositePrimaryKey("organization_id", "user_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    alerts = models.BooleanField(default=True)
    recoveries = models.BooleanField(default=True)
    reminder_days = models.PositiveSmallIntegerField(null=True)
    weekly_digest = models.BooleanField(default=True)
    movements_above_minor = models.BigIntegerField(null=True)
    sync_problems = models.BooleanField(default=True)
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)


class MailSettings(TenantModel):
    """How an organization's e-mails are sent: payers masked unless it says otherwise."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    shows_payers = models.BooleanField(default=False)
    reply_to = models.EmailField(blank=True)


class FailedInvoice(TenantModel):
    """An invoice that a payment failed of, when the first one did, and when it was paid after all."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id", "invoice_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    invoice_id = models.CharField(max_length=255)
    currency = models.TextField()
    failed_at = models.DateTimeField()
    total_minor = models.BigIntegerField(db_default=0)
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "currency", "failed_at"], name="failed_invoice_by_time")
        ]


class DailyFailures(TenantModel):
    """The invoices of the accounts on show that first failed on one local day, and those paid since."""

    pk = models.CompositePrimaryKey("organization_id", "currency", "day")
    currency = models.TextField()
    day = models.DateField()
    invoices = models.BigIntegerField()
    amount_minor = models.DecimalField(max_digits=40, decimal_places=0, db_default=0)
    recovered = models.BigIntegerField(db_default=0)
    recovered_minor = models.DecimalField(max_digits=40, decimal_places=0, db_default=0)
