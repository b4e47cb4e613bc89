"""The boxes of the road after the mirror: each table can be built again from the one before it.

Money is in millionths of the currency's minor unit: one row's fits 64 bits, totals are numeric.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantModel, User
from metrics.alerts import models as alerts
from metrics.auditing import models as auditing
from metrics.bridge import models as bridge
from metrics.builds import BuildPart as BuildPart
from metrics.builds import BuildPlan as BuildPlan
from metrics.builds import CurrentBuild as CurrentBuild
from metrics.built import Built
from metrics.cohorts import models as cohorts
from metrics.countries.models import CustomerCountry as CustomerCountry
from metrics.exchange import models as exchange
from metrics.exposure import models as exposure
from metrics.forecasting import models as forecasting
from metrics.invoiced import models as invoiced
from metrics.outlook import models as outlook
from metrics.payback import models as payback
from metrics.payments.models import MonthlyDepartures as MonthlyDepartures
from metrics.plans import models as plans
from metrics.restating import models as restating
from metrics.trials import models as trials

BUILD = ("organization", "definition_version", "build")


def stripe_id() -> "models.CharField[str, str]":
    return models.CharField(max_length=255)


def word() -> "models.TextField[str, str]":
    """Hold a word of Stripe's or ours; its enums are open, so no column limits their length."""
    return models.TextField()


def texts() -> "ArrayField[list[str], list[str]]":
    return ArrayField(models.TextField())


def total() -> "models.DecimalField[int, int]":
    return models.DecimalField(max_digits=40, decimal_places=0, default=0)


def squares() -> "models.DecimalField[int, int]":
    return models.DecimalField(max_digits=60, decimal_places=0, default=0, db_default=0)


class Definition(TenantModel):
    """One version of an organization's rules; a version that made numbers never changes."""

    pk = models.CompositePrimaryKey("organization_id", "version")
    version = models.PositiveIntegerField()
    settings = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )


class Configuration(TenantModel):
    """What one subscription item was over `[from_at, to_at)`, whatever a definition makes of it."""

    pk = models.CompositePrimaryKey(
        "organization_id", "connection_id", "customer_id", "subscription_id", "item_id", "from_at"
    )
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    subscription_id = stripe_id()
    item_id = stripe_id()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    price_id = stripe_id()
    quantity = models.BigIntegerField()
    currency = word()
    status = word()
    paid = models.BooleanField()
    collection_paused = models.BooleanField()
    cancel_requested = models.BooleanField()
    refunded = models.BooleanField()
    unpaid_since = models.DateTimeField(null=True)
    discounts = texts()
    tax_share = models.TextField(null=True)  # noqa: DJ001 - unknown is not 0
    usage = models.TextField(null=True)  # noqa: DJ001 - none is not 0
    cancellation = word()
    evidence = texts()
    start_exact = models.BooleanField()
    end_exact = models.BooleanField()


class UnusedFact(TenantModel):
    """A Stripe object that history could not use, and the rule that says why."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id", "object_id", "rule")
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    object_id = stripe_id()
    rule = stripe_id()


class DatedChange(TenantModel):
    """The next instant at which a customer's MRR changes by date alone, such as a discount's end."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["organization", "at"], name="dated_change_by_time")]


class Segment(Built):
    """One subscription item's MRR over `[from_at, to_at)`, with what proves it."""

    pk = Built.key("connection_id", "customer_id", "subscription_id", "item_id", "from_at")
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    subscription_id = stripe_id()
    item_id = stripe_id()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    currency = word()
    price_id = stripe_id()
    product_id = stripe_id()
    interval = word()
    quantity = models.BigIntegerField()
    mrr_micro = models.BigIntegerField()
    committed_micro = models.BigIntegerField()
    contracted = models.BooleanField()
    excluded = word()
    discounts = texts()
    cancellation = word()
    evidence = texts()
    start_exact = models.BooleanField()
    end_exact = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(
                fields=[*BUILD, "price_id", "connection_id", "customer_id"],
                name="segment_by_plan",
            ),
            models.Index(
                fields=[*BUILD, "currency", "connection_id", "customer_id"],
                condition=models.Q(contracted=True),
                name="segment_contracted",
            ),
            # What is signed and has not started: committed to, while no movement tells of it yet.
            models.Index(
                fields=[*BUILD, "currency", "from_at"],
                condition=models.Q(mrr_micro=0) & ~models.Q(committed_micro=0),
                name="segment_signed",
            ),
        ]


class Movement(Built):
    """What one customer's MRR did on one local day, classified; its legs sum to it.

    `after_micro` holds until `until`, the day of the customer's next movement in the currency, if any.
    """

    pk = Built.key("date", "connection_id", "customer_id", "currency")
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    date = models.DateField()
    currency = word()
    kind = word()
    amount_micro = models.BigIntegerField()
    after_micro = models.BigIntegerField()
    until = models.DateField(null=True)
    reasons = texts()
    subscription_ids = texts()
    legs = models.JSONField()

    class Meta:
        indexes = [
            models.Index(
                fields=[*BUILD, "connection_id", "customer_id", "date"], name="movement_by_customer"
            ),
            # The largest balances of a past day: read from its head, while those that held then are in it.
            models.Index(
                fields=[*BUILD, "currency", "-after_micro", "-connection_id", "-customer_id"],
                include=["date", "until"],
                condition=~models.Q(after_micro=0),
                name="movement_by_balance",
            ),
        ]


class CustomerBalance(Built):
    """What one customer is worth in one currency now, where that is anything."""

    pk = Built.key("currency", "connection_id", "customer_id")
    currency = word()
    connection_id = models.UUIDField()
    customer_id = stripe_id()
    mrr_micro = models.BigIntegerField()
    committed_micro = models.BigIntegerField()
    contracted_micro = models.BigIntegerField()
    since = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=[*BUILD, "currency", "-mrr_micro", "-connection_id", "-customer_id"],
                name="customer_balance_by_mrr",
            ),
            models.Index(
                fields=[*BUILD, "currency", "-committed_micro", "-connection_id", "-customer_id"],
                name="balance_by_committed",
            ),
            models.Index(
                fields=[*BUILD, "currency", "-contracted_micro", "-connection_id", "-customer_id"],
                condition=~models.Q(contracted_micro=0),
                name="balance_by_contracted",
            ),
            models.Index(
                fields=[*BUILD, "currency", "since", "connection_id", "customer_id"],
                name="balance_by_since",
            ),
        ]


class Flows(Built):
    """Sums and counts of movements by kind; balances are running sums of these."""

    currency = word()
    new_micro = total()
    expansion_micro = total()
    reactivation_micro = total()
    contraction_micro = total()
    churn_micro = total()
    contracted_net_micro = total()
    committed_net_micro = total()
    customers_new = models.BigIntegerField(default=0)
    customers_expanded = models.BigIntegerField(default=0)
    customers_reactivated = models.BigIntegerField(default=0)
    customers_contracted = models.BigIntegerField(default=0)
    customers_churned = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class DailyRevenue(Flows):
    """One local day's flows in one currency, netted by day, and Σ amount² of each kind for the alerts."""

    pk = Built.key("currency", "day")
    day = models.DateField()
    new_squares = squares()
    expansion_squares = squares()
    reactivation_squares = squares()
    contraction_squares = squares()
    churn_squares = squares()


class MonthlyRevenue(Flows):
    """One month's flows in one currency, netted as the definition's `movement_window` says."""

    pk = Built.key("currency", "month")
    month = models.DateField()


class PlanRevenue(Built):
    """What one price's MRR and number of items changed by in one month; balances are running sums."""

    pk = Built.key("currency", "month", "price_id")
    currency = word()
    month = models.DateField()
    price_id = stripe_id()
    product_id = models.CharField(max_length=255, db_default="")
    net_micro = total()
    items = models.BigIntegerField(default=0)


Acknowledgement, Alert, AlertEvaluation = alerts.Acknowledgement, alerts.Alert, alerts.AlertEvaluation
AlertRules, MailPreference, MailSettings = alerts.AlertRules, alerts.MailPreference, alerts.MailSettings
DailyFailures, FailedInvoice = alerts.DailyFailures, alerts.FailedInvoice
ClosedBalance, ClosedMonth = restating.ClosedBalance, restating.ClosedMonth
Preview, PreviewedChange, Restatement = restating.Preview, restating.PreviewedChange, restating.Restatement
Comparison, ComparedAmount = bridge.Comparison, bridge.ComparedAmount
Upload, UploadedAmount = bridge.Upload, bridge.UploadedAmount
ExchangeRate, RateFetch = exchange.ExchangeRate, exchange.RateFetch
AuditRun, InvoicedLine = auditing.AuditRun, invoiced.InvoicedLine
Exposure, ExposureTotal = exposure.Exposure, exposure.ExposureTotal
Diagnosing, Undiagnosed = exposure.Diagnosing, exposure.Undiagnosed
DecidedChange = outlook.DecidedChange
ForecastAssumptions = forecasting.ForecastAssumptions
Counted, CohortMember, CohortChange = cohorts.Counted, cohorts.CohortMember, cohorts.CohortChange
PlanFlow, PlanMove = plans.PlanFlow, plans.PlanMove
Trial, TrialMonth = trials.Trial, trials.TrialMonth
PaybackSettings, SpendFile, Spend = payback.PaybackSettings, payback.SpendFile, payback.Spend
CustomerChannel, ChannelCohort = payback.CustomerChannel, payback.ChannelCohort
