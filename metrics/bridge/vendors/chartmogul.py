"""MRR as ChartMogul makes it of a Stripe account, with its settings as they are preset."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from metrics.bridge.rules import FOR_EVER, Rule, RuleSet, Source

HELP = "https://help.chartmogul.com/"
METRIC = Source("Metric: Monthly Recurring Revenue (MRR)", f"{HELP}hc/en-us/articles/203299812")
CHART = Source(
    "Chart: Monthly Recurring Revenue (MRR)", f"{HELP}article/154-chart-monthly-recurring-revenue-mrr"
)
PAST_DUE = Source("Handling past-due subscriptions", f"{HELP}article/303-handling-past-due-subscriptions")
INVOICES = Source("Invoice handling", f"{HELP}article/243-invoice-handling")
TRIALS = Source(
    "Does ChartMogul display non-paying trial customers?",
    f"{HELP}hc/en-us/articles/360002120279-Does-ChartMogul-display-non-paying-trial-customers-",
)
LINE_ITEMS = Source(
    "Understanding invoice line items in ChartMogul",
    f"{HELP}hc/en-us/articles/360012519560-Understanding-invoice-line-items-in-ChartMogul",
)
TAX = Source(
    "Sales tax/VAT handling in ChartMogul",
    f"{HELP}hc/en-us/articles/115000861329-Sales-tax-VAT-handling-in-ChartMogul",
)
USAGE = Source(
    "Implementing usage-based billing", "https://dev.chartmogul.com/docs/implementing-usage-based-billing"
)
STRIPE_GUIDE = Source(
    "Stripe integration guide", f"{HELP}hc/en-us/articles/203231962-Stripe-integration-guide"
)
SETTINGS = Source(
    "Configuring Subscription Analytics settings",
    f"{HELP}hc/en-us/articles/15384089786524-Configuring-Subscription-Analytics-settings",
)
CHURN = Source("Churn recognition", f"{HELP}article/242-churn-recognition")

CHARTMOGUL = RuleSet(
    vendor="chartmogul",
    name="ChartMogul",
    read_on=date(2026, 11, 22),
    trials=Rule(
        "unless_counted_before",
        _("Customers on a free trial are leads without MRR. A trial of one who has paid is not told of."),
        (TRIALS,),
    ),
    past_due=Rule(
        FOR_EVER,
        _("Counts until it is canceled in Stripe. An account can have it end after 1 to 90 days instead."),
        (PAST_DUE, CHART),
    ),
    unpaid=Rule(
        None,
        _(
            "Past due counts until Stripe cancels; whether Stripe's status unpaid is past due or an end is "
            "not told in the pages on past-due subscriptions and on Stripe."
        ),
        (PAST_DUE,),
    ),
    first_payment=Rule(
        True,
        _("A subscriber is made when the first invoice is fully paid, unless the account chose otherwise."),
        (INVOICES,),
    ),
    discounts=Rule("all", _("Every discount is taken off before MRR is made."), (METRIC, LINE_ITEMS)),
    tax=Rule(
        None,
        _(
            "Tax within the price can be in MRR, tax apart is not; how prices of Stripe that include tax "
            "come in could not be read."
        ),
        (TAX,),
    ),
    usage=Rule(
        None,
        _(
            "An older page leaves metered charges out, one for developers counts invoiced usage, the present "
            "page names neither."
        ),
        (METRIC, USAGE, CHART),
    ),
    paused=Rule(
        True, _("A subscription paused in Stripe keeps its MRR while it is paused."), (STRIPE_GUIDE,)
    ),
    cancellation=Rule(
        "end_of_paid_term",
        _("Churn is when the subscription ends in Stripe, unless the account chose the request."),
        (SETTINGS, CHURN),
    ),
    refunds=Rule(False, _("A refund alone changes nothing."), (METRIC,)),
    free=Rule("excluded", _("Who was never billed more than 0.00 is no subscriber."), (SETTINGS,)),
    intervals=Rule(
        None,
        _(
            "The amount is divided by the months of the plan's interval. How weeks and days are is not "
            "documented."
        ),
        (METRIC, CHART),
    ),
    currency=Rule(
        "converted", _("All is converted to the primary currency; here each stands alone."), (METRIC,)
    ),
)
