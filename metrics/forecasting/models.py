"""The assumptions that an organization holds against the averages."""

from django.db import models

from accounts.models import TenantModel, User


class ForecastAssumptions(TenantModel):
    """What a forecast in one currency takes for granted each month; what is not given is the average.

    Rates are hundredths of a percent of the MRR that a month starts with.
    """

    pk = models.CompositePrimaryKey("organization_id", "currency")
    currency = models.CharField(max_length=3)
    new_micro = models.BigIntegerField(null=True)
    expansion = models.PositiveIntegerField(null=True)
    reactivation = models.PositiveIntegerField(null=True)
    contraction = models.PositiveIntegerField(null=True)
    churn = models.PositiveIntegerField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
