"""What groups of customers and their measures are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

LABELS: "dict[str, str | Promise]" = {
    "month": gettext_lazy("By month of first payment"),
    "plan": gettext_lazy("By plan at start"),
    "country": gettext_lazy("By country"),
    "net": gettext_lazy("Net MRR"),
    "gross": gettext_lazy("Gross MRR"),
    "customers": gettext_lazy("Customers"),
}
MEANINGS: "dict[str, str | Promise]" = {
    "net": gettext_lazy(
        "Of the MRR that a cohort had at the end of its first month, what the same customers have at the end "
        "of each later month: growth and customers who came back are in it, so it may pass 100%."
    ),
    "gross": gettext_lazy(
        "The same without any growth: of each customer never more than its MRR at the end of the first "
        "month, so it never passes 100%."
    ),
    "customers": gettext_lazy(
        "Of the customers who had MRR at the end of their first month, how many have any at the end of each "
        "later month."
    ),
}
