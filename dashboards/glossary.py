"""What each figure means, in the words that stand beside it on a page."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Term:
    """A figure's name, its meaning and its formula."""

    label: "str | Promise"
    text: "str | Promise"
    formula: "str | Promise" = ""


TERMS = {
    "mrr": Term(
        _("MRR"),
        _(
            "Monthly recurring revenue at the end of the month: every active or past due subscription item "
            "at its price for its quantity, divided by its interval in months, after recurring discounts "
            "and without tax. Trials, one-off items and metered usage are not in it."
        ),
        _("price for the quantity ÷ interval − recurring discounts"),
    ),
    "arr": Term(
        _("ARR"),
        _(
            "Annual run rate: what the MRR at the end of the month comes to over twelve months. "
            "It is not revenue that has been invoiced."
        ),
        _("12 × MRR"),
    ),
    "net_new": Term(
        _("Net change"),
        _("How far all movements of the month together moved MRR."),
        _("new + expansion + reactivation − contraction − churned"),
    ),
    "revenue_churn_rate": Term(
        _("Revenue churn rate"),
        _(
            "The part of the MRR at the start of the month that was lost to customers who left altogether. "
            "Customers who only pay less count as contraction, not here."
        ),
        _("churned ÷ starting MRR"),
    ),
    "new": Term(
        _("New"),
        _("MRR of customers who never had any before. One customer's changes within a day are netted first."),
    ),
    "expansion": Term(
        _("Expansion"),
        _("MRR added by customers who already had some: more seats, a higher plan, a discount that ended."),
    ),
    "reactivation": Term(
        _("Reactivation"),
        _("MRR of customers who had some in the past, had none, and came back."),
    ),
    "contraction": Term(
        _("Contraction"),
        _("MRR lost from customers who stay: fewer seats, a lower plan, a discount that began."),
    ),
    "churn": Term(
        _("Churned"),
        _(
            "MRR of customers who went to none. It is dated when the subscription ended, "
            "not when the cancellation was asked for."
        ),
    ),
    "currency": Term(
        _("Currency"),
        _(
            "What the rates of exchange moved between the start and the end of the month. Movements are "
            "converted by the rate that opened the month, balances by the one that closed it, so that a "
            "change of rates is never expansion or contraction."
        ),
        _("ending − starting − net change"),
    ),
    "contracted_arr": Term(
        _("Contracted ARR"),
        _(
            "The part of ARR that stands on items billed once a year or less often: customers are bound "
            "to it for at least twelve months at a time."
        ),
        _("12 × MRR of items whose interval is a year or longer"),
    ),
    "net_revenue_retention": Term(
        _("Net revenue retention"),
        _(
            "What the MRR at the start of the month has become by its end, without customers who were new "
            "or came back. Above 100% those who stay grow by more than is lost."
        ),
        _("(starting + expansion − contraction − churned) ÷ starting"),
    ),
    "mrr_growth_rate": Term(
        _("Growth in the month"),
        _("By which part MRR, and so ARR, grew within the month through movements alone."),
        _("net change ÷ MRR at the start"),
    ),
    "yearly_growth_rate": Term(
        _("Growth over a year"),
        _("By which part ARR is above that of twelve months before."),
        _("ARR ÷ ARR twelve months before − 1"),
    ),
    "trailing_twelve_month": Term(
        _("Trailing twelve months"),
        _(
            "The MRR of the last twelve month-ends, added up: what the company ran at over a year. "
            "It lags behind the run rate while a company grows; it is not revenue as accounts recognize it."
        ),
        _("Σ of the last 12 month-end MRR"),
    ),
    "customers": Term(
        _("Customers"),
        _("Customers with any MRR at the end of the month; one on trial is none yet."),
    ),
    "committed_mrr": Term(
        _("Committed MRR"),
        _(
            "MRR as it will be once everything that is already signed has happened: without subscriptions "
            "that are canceled to a later day, with those that are signed and start later."
        ),
        _("MRR − cancellations requested + subscriptions signed, not started"),
    ),
    "arpa": Term(
        _("ARPA"),
        _("What an average customer pays a month. One large customer can carry it."),
        _("MRR ÷ customers"),
    ),
    "lost_mrr": Term(
        _("Lost MRR"),
        _("What customers who pay less and customers who left took away together."),
        _("contraction + churned"),
    ),
    "gross_mrr_churn_rate": Term(
        _("Gross MRR churn rate"),
        _("The part of the MRR at the start that was lost, whoever stays included."),
        _("(churned + contraction) ÷ starting MRR"),
    ),
    "customer_churn_rate": Term(
        _("Customer churn rate"),
        _("The part of the customers at the start who left altogether, each counted alike."),
        _("customers churned ÷ customers at the start"),
    ),
    "gross_revenue_retention": Term(
        _("Gross revenue retention"),
        _("What is left of the MRR at the start, with nothing that was added. It is never above 100%."),
        _("(starting − contraction − churned) ÷ starting"),
    ),
    "quick_ratio": Term(
        _("Quick ratio"),
        _("How much MRR is won for each unit that is lost."),
        _("(new + expansion + reactivation) ÷ (contraction + churned)"),
    ),
    "lifetime_months": Term(
        _("Lifetime in months"),
        _("How long an average unit of MRR stays if churn goes on as in the month."),
        _("1 ÷ revenue churn rate"),
    ),
    "ltv": Term(
        _("Lifetime value"),
        _("What an average customer pays over such a lifetime, before any margin."),
        _("ARPA × lifetime in months"),
    ),
    "trial_to_paid_rate": Term(
        _("Trial-to-paid rate"),
        _("The part of the trials begun in a month that became paying, whenever they did."),
        _("trials that became paying ÷ trials begun in the same month"),
    ),
    "cohort": Term(
        _("Cohort"),
        _(
            "The customers whose first MRR fell into the same month. What they hold at the end of that month "
            "is their 100%; a column tells what is left so many months later."
        ),
        _("MRR of the same customers now ÷ at the end of their first month"),
    ),
    "cac_payback": Term(
        _("CAC payback"),
        _(
            "In how many months the gross margin on a month's new customers has paid back what was spent on "
            "winning them, if they stay as they began."
        ),
        _("spend ÷ (MRR of the new customers at the end of their first month × gross margin)"),
    ),
}
