"""The filters of a list of movements: offered by a form, told as chips that an address can do without."""

from typing import Any

from django.utils.translation import gettext as _

from dashboards import narrowing
from dashboards.addresses import Movements
from dashboards.formatting import money
from dashboards.glossary import TERMS
from dashboards.plans import plan_label
from dashboards.reasons import WORDS, reasons
from dashboards.selection import Choice, named
from metrics.build.tally import KINDS
from metrics.months import Months
from metrics.periods import month_of, shift
from metrics.queries import PlanShare

MOST_PLANS = 200


def filters(wanted: Movements, plans: list[PlanShare], homes: list[str]) -> dict[str, Any]:
    """Return the form and the chips."""
    only, currency = wanted.sum.only, wanted.sum.currency
    names = {one.price_id: (one.product_name, one.price_name) for one in plans}
    return {
        "chips": narrowing.chips(_told(wanted, names), wanted.without),
        "clear_url": wanted.without(*_told(wanted, names)),
        "kept": wanted.days_asked() | {"currency": currency},
        "kind_options": narrowing.options(KINDS, lambda one: str(TERMS[one].label), wanted.sum.kind),
        "plan_options": narrowing.options(
            [one.price_id for one in plans[:MOST_PLANS]], lambda one: plan_label(names, one), wanted.sum.plan
        ),
        "interval_options": narrowing.options(narrowing.INTERVALS, narrowing.interval_words, only.interval),
        "reason_options": narrowing.options(WORDS, lambda one: reasons([one]), only.reason),
        "country_options": narrowing.options(homes, narrowing.country_name, only.country),
        "least": narrowing.written(only.least_micro, currency),
        "most": narrowing.written(only.most_micro, currency),
        "text": only.text,
    }


def steps(wanted: Movements, months: Months) -> dict[str, Any]:
    """Return the same filters a month earlier and later, and in each currency but for amounts and plans."""
    if not wanted.month:
        return {}
    first = months.first(wanted.sum.currency) or wanted.month
    near = {"previous": shift(wanted.month, -1), "next": shift(wanted.month, 1)}
    found: dict[str, Any] = {
        name: Choice(f"{month:%Y-%m}", named(month), wanted.elsewhere(month, wanted.sum.currency))
        for name, month in near.items()
        if month_of(first) <= month <= month_of(months.today)
    }
    found["currencies"] = [
        Choice(code, code.upper(), wanted.elsewhere(wanted.month, code), code == wanted.sum.currency)
        for code in months.currencies()
        if (begun := months.first(code)) and month_of(begun) <= wanted.month
    ]
    return found


def _told(wanted: Movements, names: dict[str, tuple[str, str]]) -> dict[str, str]:
    """Return each filter that holds in words, by its parameter."""
    only, currency, plan = wanted.sum.only, wanted.sum.currency, wanted.sum.plan
    kind = wanted.sum.kind
    told = {
        "kind": str(TERMS[kind].label) if kind else "",
        "plan": _("Plan: %(name)s") % {"name": plan_label(names, plan)} if plan else "",
        "interval": _("Billed %(interval)s") % {"interval": narrowing.interval_words(only.interval)}
        if only.interval
        else "",
        "reason": _("Reason: %(reason)s") % {"reason": reasons([only.reason])} if only.reason else "",
        "country": narrowing.country_name(only.country) if only.country else "",
        "least": _("At least %(amount)s") % {"amount": money(only.least_micro, currency)}
        if only.least_micro is not None
        else "",
        "most": _("At most %(amount)s") % {"amount": money(only.most_micro, currency)}
        if only.most_micro is not None
        else "",
        "text": _("Begins with “%(text)s”") % {"text": only.text} if only.text else "",
    }
    return {name: label for name, label in told.items() if label}
