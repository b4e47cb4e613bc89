"""Trials in words: what became of those of each month, and what the running ones would be worth."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Organization
from dashboards.cohort_addresses import month_in
from dashboards.counted import FEW, as_of
from dashboards.formatting import DASH, Money, money, number
from dashboards.links import Link
from dashboards.plan_analysis import Amount, rate_of
from dashboards.plans import plan_label
from dashboards.selection import CURRENCY, AddressError, Choice, named
from metrics.core.intervals import day_start, local_day
from metrics.core.rates import Rate
from metrics.evidence.pages import PAGE
from metrics.periods import last_months
from metrics.plans.names import names_of
from metrics.queries import Shown
from metrics.trials import reading
from metrics.trials.reading import Line, Month
from metrics.trials.trial import RUNNING, STATES

MONTHS, SOON_DAYS = 24, 14
LABELS: "dict[str, str | Promise]" = {
    "": gettext_lazy("Started"),
    "converted": gettext_lazy("Became paying"),
    "ended": gettext_lazy("Ended"),
    "waiting": gettext_lazy("Payment awaited"),
    "running": pgettext_lazy("trials", "Running"),
}


@dataclass(frozen=True, slots=True)
class Trials:
    """What is asked for: a currency, and for a list the month, the state and where it begins."""

    slug: str
    currency: str
    month: date | None = None
    state: str = ""
    after: tuple[Any, ...] | None = None

    def url(self, currency: str = "") -> str:
        """Return the address of the page."""
        return f"{reverse('trials', args=[self.slug])}?{urlencode({'currency': currency or self.currency})}"

    def rows(self, month: date | None, state: str, after: tuple[Any, ...] | None = None) -> str:
        """Return the address of trials of a month, of a state, or of both."""
        asked = {"currency": self.currency} | ({"month": f"{month:%Y-%m}"} if month else {})
        asked |= {"state": state} if state else {}
        asked |= {"after": json.dumps([str(one) for one in after])} if after else {}
        return f"{reverse('trial_rows', args=[self.slug])}?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class MonthLine:
    """The trials that began in a month, by what became of them."""

    label: str
    counts: list[Amount]
    rate: str
    decided: str
    median: str


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One trial in words."""

    name: str
    customer_id: str
    url: str
    plan: str
    started_on: date
    state: str
    days: str
    ends_on: date | None
    cancels: bool
    worth: Money | str
    worth_micro: int


def trials_of(organization: Organization, parameters: QueryDict, known: list[str]) -> Trials:
    """Read the address of the page or of a list; AddressError says what is wrong."""
    own, text = organization.currency.lower(), parameters.get("currency", "")
    if text and not CURRENCY.fullmatch(text):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    currency = text or (own if own in known or not known else known[0])
    state = parameters.get("state", "")
    if state and state not in STATES:
        words = {"name": "state", "known": ", ".join(STATES)}
        raise AddressError(_("%(name)s is one of %(known)s.") % words, 400)
    after = _after(parameters.get("after", ""))
    return Trials(organization.slug, currency, month_in(parameters, "month"), state, after)


def trials_page(shown: Shown, known: list[str], wanted: Trials) -> dict[str, Any]:
    """Return what the page shows."""
    first = last_months(shown.today, MONTHS)[0]
    found = reading.months(shown, wanted.currency, first)
    soon = datetime.fromtimestamp(day_start(shown.today + timedelta(days=SOON_DAYS), shown.zone), UTC)
    running = reading.running(shown, wanted.currency, soon)
    opens = Link(wanted.rows(None, RUNNING), amount_micro=running.worth_micro)
    return {
        "as_of": as_of(shown),
        "few": FEW,
        "wanted": wanted,
        "labels": [str(label) for label in LABELS.values()],
        "currencies": [
            Choice(code, code.upper(), wanted.url(code), code == wanted.currency)
            for code in sorted({*known, wanted.currency})
        ],
        "running": Amount(number(running.count), Link(opens.url, count=running.count)),
        "worth": Amount(money(running.worth_micro, wanted.currency), opens),
        "canceling": running.canceling,
        "canceling_worth": money(running.canceling_micro, wanted.currency),
        "left_worth": money(running.worth_micro - running.canceling_micro, wanted.currency),
        "soon": running.soon,
        "soon_days": SOON_DAYS,
        "lines": [_month(one, named(one.month), wanted) for one in found],
        "whole": _month(reading.together(found), str(_("All of these")), wanted) if found else None,
    }


def _month(one: Month, label: str, wanted: Trials) -> MonthLine:
    whole = one.month == date.min
    counts = []
    for state, name in LABELS.items():
        opens = None if whole else Link(wanted.rows(one.month, state), count=one.count(state))
        counts.append(Amount(number(one.count(state)), opens, str(name)))
    return MonthLine(
        label,
        counts,
        rate_of(one.rate, one.decided),
        _("%(converted)s of %(decided)s")
        % {"converted": number(one.converted), "decided": number(one.decided)},
        _days(one.median_days),
    )


def _days(days: Rate) -> str:
    if days is None:
        return DASH
    return number(days, 0 if days.denominator == 1 else 1)


def trial_rows_page(shown: Shown, wanted: Trials) -> dict[str, Any]:
    """Return a page of trials."""
    found = reading.lines(shown, wanted.currency, wanted.month, wanted.state, wanted.after)
    rows = found[:PAGE]
    names = names_of(shown.organization_id, (one.plan for one in rows))
    total, count = reading.worth(shown, wanted.currency, wanted.month, wanted.state)
    return {
        "as_of": as_of(shown),
        "back_url": wanted.url(),
        "heading": _("All trials") if not wanted.state else str(LABELS[wanted.state]),
        "period": named(wanted.month) if wanted.month else "",
        "currency": wanted.currency.upper(),
        "total": money(total, wanted.currency),
        "total_micro": total,
        "count": count,
        "rows": [_line(one, wanted, shown, plan_label(names, one.plan)) for one in rows],
        "first_url": wanted.rows(wanted.month, wanted.state) if wanted.after else "",
        "next_url": wanted.rows(wanted.month, wanted.state, rows[-1].key) if len(found) > PAGE else "",
    }


def _line(one: Line, wanted: Trials, shown: Shown, plan: str) -> TrialLine:
    return TrialLine(
        one.name,
        one.customer_id,
        reverse("customer", args=[wanted.slug, one.connection_id, one.customer_id]),
        plan,
        one.started_on,
        str(LABELS[one.state]),
        DASH if one.days is None else number(one.days),
        None if one.ends_at is None else local_day(int(one.ends_at.timestamp()), shown.zone),
        one.cancels,
        money(one.worth_micro, wanted.currency) if one.state == RUNNING else DASH,
        one.worth_micro,
    )


def _after(text: str) -> tuple[Any, ...] | None:
    if not text:
        return None
    try:
        due, account, customer, subscription = json.loads(text)
        if not all(isinstance(one, str) and one.isprintable() for one in (due, customer, subscription)):
            raise ValueError
        told = due if due == "infinity" else datetime.fromisoformat(due)
        if isinstance(told, datetime) and told.tzinfo is None:
            raise ValueError
        return told, UUID(account), customer, subscription
    except (ValueError, TypeError, AttributeError, RecursionError):
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
