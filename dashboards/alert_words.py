"""An alert in words: its figure, its threshold, and how much of it is one customer."""

from collections.abc import Callable
from fractions import Fraction

from django.utils.translation import ngettext, pgettext

from dashboards.formatting import DASH, money, number, percent, points
from metrics.alerts.models import Alert

Shape = Callable[[Fraction, str], str]


def _rate(value: Fraction, currency: str) -> str:
    return percent(value)


def _growth(value: Fraction, currency: str) -> str:
    return percent(value, signed=True)


def _amount(value: Fraction, currency: str) -> str:
    return str(money(value, currency))


SHAPES: dict[str, Shape] = {
    "revenue_churn": _rate,
    "new_mrr_flat": _amount,
    "expansion_declining": _amount,
    "failed_payments_rising": _rate,
    "arr_growth_decelerating": _growth,
    "net_revenue_retention_low": _rate,
}


def figure(rule: str, value: str, currency: str) -> str:
    """Return a rule's value as people read it, from the exact fraction that is kept."""
    return SHAPES[rule](Fraction(value), currency) if value else DASH


def behind(alert: Alert) -> str:
    """Say how many stand behind an alert, and how much of it is the largest: small numbers stay honest."""
    words = _counted(alert.rule, alert.evidence.get("count", 0), alert.evidence.get("customers", 0))
    largest = _largest(alert)
    if largest is None:
        return words
    told = pgettext("a number with decimals", "The largest is %(points)s points.") % {
        "points": points(largest)
    }
    return f"{words} {told}"


def _counted(rule: str, count: int, customers: int) -> str:
    if rule == "revenue_churn":
        words = ngettext(
            "%(count)s customer left, of %(all)s.", "%(count)s customers left, of %(all)s.", count
        )
    elif rule == "failed_payments_rising":
        words = ngettext(
            "%(count)s invoice. Customers: %(all)s.", "%(count)s invoices. Customers: %(all)s.", count
        )
    else:
        words = ngettext(
            "%(count)s movement. Customers: %(all)s.", "%(count)s movements. Customers: %(all)s.", count
        )
    return words % {"count": number(count), "all": number(customers)}


def _largest(alert: Alert) -> Fraction | None:
    """Return the largest movement as a part of the MRR before, None where there is nothing to compare."""
    rows, mrr = alert.evidence.get("rows", []), alert.evidence.get("mrr_micro", 0)
    if not rows or not mrr or alert.rule in ("new_mrr_flat", "expansion_declining"):
        return None
    return Fraction(max(abs(row["amount_micro"]) for row in rows), mrr)
