"""MRR as Baremetrics makes it of a Stripe account, with its settings as they are preset."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from metrics.bridge.rules import Rule, RuleSet, Source

HELP = "https://help.baremetrics.com/en/articles/"
MRR = Source("Monthly Recurring Revenue", f"{HELP}5380330-monthly-recurring-revenue")
SETTINGS = Source("Data Settings", f"{HELP}5380115-data-settings")
CANCELLATIONS = Source("Cancellations and Downgrades", f"{HELP}5380343-cancellations-and-downgrades")
STRIPE = Source("Stripe Integration Guide", f"{HELP}5380456-stripe-integration-guide")
USAGE = Source("Usage-based billing", f"{HELP}9096541-usage-based-billing")
TRIALS = Source("Trial Insights", f"{HELP}5380357-trial-insights")

BAREMETRICS = RuleSet(
    vendor="baremetrics",
    name="Baremetrics",
    read_on=date(2026, 11, 22),
    trials=Rule(
        None,
        _("Trials have a page of figures of their own; neither it nor the page on MRR says if they count."),
        (TRIALS, MRR),
    ),
    past_due=Rule(
        30,
        _("Delinquent for more than 30 days is churn. An account can choose two months, or never."),
        (MRR, SETTINGS, CANCELLATIONS),
    ),
    unpaid=Rule(
        None,
        _("Delinquency is told in days; what Stripe's status unpaid does within them is not."),
        (SETTINGS,),
    ),
    first_payment=Rule(
        None,
        _("Customers are said to be validated by invoices and payments; from when they count is not told."),
        (STRIPE,),
    ),
    discounts=Rule(
        "all",
        _("The amount of a coupon is taken off. The page makes no difference by how long a coupon lasts."),
        (MRR,),
    ),
    tax=Rule(None, _("Looked for in the pages on MRR, data settings and Stripe: none speaks of tax.")),
    usage=Rule(
        "exclude",
        _("Usage of Stripe is left out unless the account includes it. An older page had it the other way."),
        (USAGE,),
    ),
    paused=Rule(None, _("Looked for in the pages on MRR, data settings and Stripe: none speaks of pauses.")),
    cancellation=Rule(
        None,
        _("A cancellation is the move to no paid plan; whether at the request or at the end is not told."),
        (CANCELLATIONS,),
    ),
    refunds=Rule(None, _("Looked for in the pages on MRR and cancellations: none speaks of refunds.")),
    free=Rule("excluded", _("Free plans and coupons of 100 % are left out."), (MRR,)),
    intervals=Rule(
        None,
        _("A year is divided by twelve. How weeks and days are is not documented."),
        (MRR,),
    ),
    currency=Rule("converted", _("All is converted to one currency; here each stands alone."), (SETTINGS,)),
)
