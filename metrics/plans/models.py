"""What moved each plan in each month, and who went from one to another."""

from django.db import models

from accounts.models import TenantModel


def total() -> "models.DecimalField[int, int]":
    return models.DecimalField(max_digits=40, decimal_places=0)


class PlanFlow(TenantModel):
    """What one month did to one plan, or where `dimension` is interval to all that bill so; signed.

    `holders` is by how many customers more hold it, `churned` how many of its customers left altogether.
    """

    pk = models.CompositePrimaryKey("organization_id", "dimension", "currency", "month", "plan")
    dimension = models.TextField()
    currency = models.TextField()
    month = models.DateField()
    plan = models.TextField()
    new_micro = total()
    reactivation_micro = total()
    expansion_micro = total()
    contraction_micro = total()
    churn_micro = total()
    moved_in_micro = total()
    moved_out_micro = total()
    holders = models.BigIntegerField()
    churned = models.BigIntegerField()


class PlanMove(TenantModel):
    """What one customer's MRR moved from one plan to another in a month, and by what it changed with that."""

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "dimension", "currency", "month", "giver", "taker"
    )
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    dimension = models.TextField()
    currency = models.TextField()
    month = models.DateField()
    giver = models.TextField()
    taker = models.TextField()
    amount_micro = models.BigIntegerField()
    change_micro = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=[
                    "organization",
                    "dimension",
                    "currency",
                    "month",
                    "giver",
                    "taker",
                    "connection_id",
                    "customer_id",
                ],
                name="plan_move_by_month",
            )
        ]
