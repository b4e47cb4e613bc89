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
}
