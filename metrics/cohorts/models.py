"""What is counted of customers' whole lives: who began when, and what each group's months changed."""

from django.db import models

from accounts.models import Organization, TenantModel


class Counted(TenantModel):
    """Of which build, and to which instant, cohorts, plans' flows and trials were counted last.

    `seconds` is how long that took: who takes longer is counted less often.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()
    counted_at = models.DateTimeField()
    edition = models.PositiveIntegerField()
    seconds = models.FloatField()


class CohortMember(TenantModel):
    """The month in which a customer first had MRR in a currency, on which plan, from where, and the base."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id", "currency")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    currency = models.TextField()
    month = models.DateField()
    plan = models.TextField()
    country = models.TextField()
    base_micro = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["organization", "currency", "month", "connection_id", "customer_id"],
                name="member_by_month",
            ),
            models.Index(
                fields=["organization", "currency", "plan", "connection_id", "customer_id"],
                name="member_by_plan",
            ),
            models.Index(
                fields=["organization", "currency", "country", "connection_id", "customer_id"],
                name="member_by_country",
            ),
        ]


class CohortChange(TenantModel):
    """By what one month's end of the customers who began in another differs from the end before.

    `dimension` is `month`, or `plan` or `country` with a value; balances are running sums. `joined` counts
    who began, those too who were gone before the month ended.
    """

    pk = models.CompositePrimaryKey("organization_id", "currency", "dimension", "value", "cohort", "month")
    currency = models.TextField()
    dimension = models.TextField()
    value = models.TextField()
    cohort = models.DateField()
    month = models.DateField()
    net_micro = models.DecimalField(max_digits=40, decimal_places=0)
    gross_micro = models.DecimalField(max_digits=40, decimal_places=0)
    customers = models.BigIntegerField()
    joined = models.BigIntegerField()
