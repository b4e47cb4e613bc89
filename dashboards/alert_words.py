"""An alert in words: its figure, its threshold, and how much of it is one customer."""

from collections.abc import Callable
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.formatting import DASH, money, percent
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
    count, customers = alert.evidence.get("count", 0), alert.evidence.get("customers", 0)
    if alert.rule == "failed_payments_rising":
        return ngettext(
            "%(count)d invoice of %(customers)d customers.",
            "%(count)d invoices of %(customers)d customers.",
            count,
        ) % {"count": count, "customers": customers}
    words = ngettext(
        "%(count)d movement among %(customers)d customers.",
        "%(count)d movements among %(customers)d customers.",
        count,
    ) % {"count": count, "customers": customers}
    if alert.rule == "revenue_churn":
        words = ngettext(
            "%(count)d of %(customers)d customers.", "%(count)d of %(customers)d customers.", count
        ) % {"count": count, "customers": customers}
    largest = _largest(alert)
    if largest is None:
        return words
    points = percent(largest).removesuffix("%").rstrip()
    told = _("The largest is %(points)s points.") % {"points": points}
    return f"{words} {told}"


def _largest(alert: Alert) -> Fraction | None:
    """Return the largest movement as a part of the MRR before, None where there is nothing to compare."""
    rows, mrr = alert.evidence.get("rows", []), alert.evidence.get("mrr_micro", 0)
    if not rows or not mrr or alert.rule in ("new_mrr_flat", "expansion_declining"):
        return None
    return Fraction(max(abs(row["amount_micro"]) for row in rows), mrr)
