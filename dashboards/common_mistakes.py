"""What people often get wrong about a term, and which settings of the definition it hangs on."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MISTAKES: "dict[str, str | Promise]" = {
    "mrr": _(
        "Adding up the month's invoices. An annual invoice is twelve months of MRR, a setup fee none, and "
        "a month with five Fridays is no better month."
    ),
    "arr": _(
        "Reading it as revenue of the past year. It is twelve times one instant, and can fall tomorrow."
    ),
    "committed_mrr": _("Taking it for a forecast. It holds only what somebody has already decided."),
    "contracted_arr": _("Reporting it in place of ARR. It is a part of ARR, beside it."),
    "trailing_twelve_month": _(
        "Comparing it with ARR. While MRR grows from 500,000 to 1,000,000 in a year, it comes to about "
        "9 million, the run rate to 12 million."
    ),
    "arpa": _("Judging pricing by it when plans are far apart: look at each plan instead."),
    "new": _("Counting a customer who came back, or one who changed the currency, as new business."),
    "expansion": _(
        "Counting a discount that ran out as a sale. It is expansion here too, with its reason beside it."
    ),
    "reactivation": _(
        "Leaving it in retention: whoever left and came back is no longer of those who stayed."
    ),
    "contraction": _("Calling it churn. The customer is still there, and may come back up."),
    "churn": _("Dating it at the request. Until the paid term ends the customer pays and counts."),
    "lost_mrr": _("Using it as another word for churn: it holds contraction as well."),
    "net_new": _("Celebrating a large one without its parts: it hides churn behind new business."),
    "currency": _("Taking a better exchange rate for growth."),
    "mrr_growth_rate": _("Adding up monthly rates to a year. They compound: 5% a month is 80% a year."),
    "yearly_growth_rate": _("Comparing it with twelve times the rate of a month."),
    "revenue_churn_rate": _(
        "Multiplying it by 12. At 5% a month half of the base is gone after 13.5 months; 46% of a base in a "
        "year, not 60%."
    ),
    "gross_mrr_churn_rate": _("Comparing it with a churn rate that leaves contraction out."),
    "customer_churn_rate": _("Reading it as lost revenue: many small customers may leave, or one large one."),
    "net_revenue_retention": _(
        "Reading NRR as “non-recurring revenue”. Or putting new customers into it: then it is growth. A "
        "month's rate is not a year's: multiply twelve of them."
    ),
    "gross_revenue_retention": _("Letting expansion of some make up for the loss of others."),
    "quick_ratio": _(
        "Trusting it on a month in which hardly anything was lost: it divides by next to nothing."
    ),
    "customers": _("Counting those on trial, or one person with two subscriptions twice."),
    "lifetime_months": _("Believing it beyond the age of the company: no customer has stayed that long yet."),
    "ltv": _("Comparing it with the cost of winning a customer without applying the margin first."),
    "trial_to_paid_rate": _(
        "Dividing the month's conversions by the month's trials: those who pay now began earlier."
    ),
    "cohort": _("Judging young cohorts by old ones' last months: they have not come so far yet."),
    "cac_payback": _(
        "Leaving out salaries and tools, or dividing by MRR instead of its margin: both make it look shorter."
    ),
}
EVERY_AMOUNT = ("discounts", "usage", "require_first_payment", "past_due_grace_days", "paused_counts")
ENDS = ("churn_at", "past_due_grace_days", "refunds_netted_out")
SETTINGS: dict[str, tuple[str, ...]] = {
    "mrr": EVERY_AMOUNT,
    "arr": ("discounts", "usage"),
    "new": ("require_first_payment", "movement_window"),
    "expansion": ("discounts", "movement_window"),
    "reactivation": ("past_due_grace_days", "paused_counts"),
    "contraction": ("discounts", "movement_window"),
    "churn": ENDS,
    "lost_mrr": ENDS,
    "net_new": ("movement_window", "time_zone"),
    "revenue_churn_rate": ENDS,
    "gross_mrr_churn_rate": ENDS,
    "customer_churn_rate": ENDS,
    "net_revenue_retention": ("churn_at", "movement_window"),
    "gross_revenue_retention": ("churn_at", "movement_window"),
    "customers": ("require_first_payment",),
    "trial_to_paid_rate": ("require_first_payment",),
    "cohort": ("time_zone",),
    "cac_payback": ("time_zone",),
    "committed_mrr": ("churn_at",),
}
