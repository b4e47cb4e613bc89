"""Trials one by one, and what those of a month came to."""

from django.db import models

from accounts.models import TenantModel


class Trial(TenantModel):
    """A subscription's trial; `days` from its local day to that of the first MRR, where any came.

    Of one that still runs `worth_micro` is what it would count if it were paid, `ends_at` when it is to end.
    """

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id", "subscription_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    subscription_id = models.CharField(max_length=255)
    currency = models.TextField()
    plan = models.TextField()
    month = models.DateField()
    started_on = models.DateField()
    state = models.TextField()
    days = models.BigIntegerField(null=True)
    worth_micro = models.BigIntegerField()
    ends_at = models.DateTimeField(null=True)
    cancels = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "currency", "month", "connection_id", "customer_id"],
                name="trial_by_month",
            ),
            models.Index(
                fields=["organization", "currency", "ends_at", "connection_id", "customer_id"],
                condition=models.Q(state="running"),
                name="trial_running",
            ),
        ]


class TrialMonth(TenantModel):
    """How many trials began in a month and what became of them; `median_days2` is twice the median."""

    pk = models.CompositePrimaryKey("organization_id", "currency", "month")
    currency = models.TextField()
    month = models.DateField()
    started = models.BigIntegerField()
    converted = models.BigIntegerField()
    ended = models.BigIntegerField()
    waiting = models.BigIntegerField()
    running = models.BigIntegerField()
    median_days2 = models.BigIntegerField(null=True)
