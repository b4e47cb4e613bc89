"""MRR as the Billing pages of Stripe's dashboard show it."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from metrics.bridge.rules import FOR_EVER, Rule, RuleSet, Source

GLOSSARY = Source(
    "Billing metric definitions", "https://docs.stripe.com/billing/subscriptions/analytics/glossary"
)
ANALYTICS = Source("Billing Analytics", "https://support.stripe.com/questions/billing-analytics")
TRIALS = Source(
    "Impact of Subscription Trial Periods on Monthly Recurring Revenue (MRR) in Billing",
    "https://support.stripe.com/questions/"
    "impact-of-subscription-trial-periods-on-monthly-recurring-revenue-mrr-in-billing",
)
DELINQUENT = Source(
    "Impact of delinquent subscription payments on Monthly Recurring Revenue (MRR) in Billing",
    "https://support.stripe.com/questions/"
    "impact-of-delinquent-subscription-payments-on-monthly-recurring-revenue-mrr-in-billing",
)
DISCOUNTS = Source(
    "Impact of discounts and coupons on Monthly Recurring Revenue (MRR) in Billing",
    "https://support.stripe.com/questions/"
    "impact-of-discounts-and-coupons-on-monthly-recurring-revenue-mrr-in-billing",
)
TAX = Source(
    "Tax and application fee impact on Monthly Recurring Revenue (MRR) in Billing",
    "https://support.stripe.com/questions/"
    "tax-and-application-fee-impact-on-monthly-recurring-revenue-(mrr)-in-billing",
)
CANCELLATIONS = Source(
    "Impact of Subscription Cancellations on Monthly Recurring Revenue (MRR) in Billing",
    "https://support.stripe.com/questions/"
    "impact-of-subscription-cancellations-on-monthly-recurring-revenue-mrr-in-billing",
)
CONFIGURATIONS = Source("Metric configurations", "https://support.stripe.com/questions/metric-configurations")
METRICS_API = Source("Supported metrics", "https://docs.stripe.com/data/metrics/supported-metrics")

STRIPE = RuleSet(
    vendor="stripe",
    name="Stripe",
    read_on=date(2026, 11, 22),
    trials=Rule(
        "excluded", _("A subscription that is trialing is left out, whoever holds it."), (TRIALS, GLOSSARY)
    ),
    past_due=Rule(
        FOR_EVER,
        _("Past due counts as active does, until the subscription is canceled or marked unpaid."),
        (GLOSSARY, METRICS_API),
    ),
    unpaid=Rule(
        "excluded",
        _("Left out from the moment the subscription turns unpaid (so since 2019)."),
        (DELINQUENT,),
    ),
    first_payment=Rule(
        False, _("After a trial it counts at once, even while the first invoice is unpaid."), (TRIALS,)
    ),
    discounts=Rule(
        "forever",
        _(
            "A coupon that lasts for ever is taken off; one for once or some months is not. Accounts can "
            "set in Billing that these are taken off too; which of it is preset is not documented."
        ),
        (ANALYTICS, DISCOUNTS),
    ),
    tax=Rule("excluded", _("Taxes and application fees are not revenue."), (TAX, GLOSSARY)),
    usage=Rule("exclude", _("Metered products are left out; including them is a preview."), (GLOSSARY,)),
    paused=Rule(
        None,
        _("Looked for in the Billing glossary and support pages: none says what a paused collection does."),
    ),
    cancellation=Rule(
        "cancellation_request",
        _(
            "A cancellation at the period's end takes the amount out at the request. Accounts can choose the "
            "end of the billing cycle instead."
        ),
        (CANCELLATIONS, CONFIGURATIONS),
    ),
    refunds=Rule(
        None,
        _("The glossary points to a page on refunds; it was looked for and not found."),
    ),
    free=Rule("excluded", _("Subscribers on free plans are left out."), (GLOSSARY,)),
    intervals=Rule(
        None,
        _("Amounts are brought to a month, a year by twelve. How weeks and days are is not documented."),
        (GLOSSARY, ANALYTICS),
    ),
    currency=Rule(
        "converted", _("All is converted to one currency; here each currency stands alone."), (METRICS_API,)
    ),
)
