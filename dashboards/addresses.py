"""Which rows a page of evidence shows: read from its address, written into its links."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Organization
from dashboards import narrowing
from dashboards.selection import AddressError, select
from metrics.build.tally import KINDS
from metrics.evidence.held import FIGURES, Balance
from metrics.evidence.held import Key as HeldKey
from metrics.evidence.wanted import Key as MovedKey
from metrics.evidence.wanted import Sum
from metrics.months import Months
from metrics.periods import parse_day, shift
from metrics.queries import Shown

# The movements that each rate divides by the MRR at the month's start.
RATES = {"revenue_churn_rate": "churn", "mrr_growth_rate": ""}
SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Movements:
    """A page of movements: what it sums, the month or days it was asked for, and where it begins."""

    sum: Sum
    month: date | None
    rate: str = ""
    after: MovedKey | None = None

    def url(self, *, kind: str | None = None, after: MovedKey | None = None) -> str:
        """Return the address of the same with another kind, or of the rows after one."""
        asked = self.days_asked() | {"currency": self.sum.currency} | self.filters_asked()
        if kind is not None:
            asked |= {"kind": kind, "rate": ""}
        asked = {name: value for name, value in asked.items() if value}
        if after:
            on, connection_id, customer_id, at = after
            asked["after"] = SEPARATOR.join((on.isoformat(), str(connection_id), str(at), customer_id))
        return f"?{urlencode(asked)}"

    def days_asked(self) -> dict[str, str]:
        """Return how an address tells the days."""
        if self.month:
            return {"month": f"{self.month:%Y-%m}"}
        return {"from": self.sum.start.isoformat(), "to": self.sum.end.isoformat()}

    def filters_asked(self) -> dict[str, str]:
        """Return how an address tells what narrows the movements of the days."""
        only, currency = self.sum.only, self.sum.currency
        told = {
            "kind": "" if self.rate else self.sum.kind,
            "rate": self.rate,
            "plan": self.sum.plan,
            "interval": only.interval,
            "reason": only.reason,
            "country": only.country,
            "least": narrowing.written(only.least_micro, currency),
            "most": narrowing.written(only.most_micro, currency),
            "text": only.text,
        }
        return {name: value for name, value in told.items() if value}

    def elsewhere(self, month: date, currency: str) -> str:
        """Return the address of the same of another month or currency, which has its own plans."""
        left = () if currency == self.sum.currency else ("plan", "least", "most")
        kept = {name: value for name, value in self.filters_asked().items() if name not in left}
        return f"?{urlencode({'month': f'{month:%Y-%m}', 'currency': currency} | kept)}"

    def without(self, *names: str) -> str:
        """Return the address of the first page of what less narrows."""
        kept = {name: value for name, value in self.filters_asked().items() if name not in names}
        return f"?{urlencode(self.days_asked() | {'currency': self.sum.currency} | kept)}"


@dataclass(frozen=True, slots=True)
class Customers:
    """A page of customers: the balance, and where it begins."""

    balance: Balance
    after: HeldKey | None = None

    def url(self, *, figure: str = "", after: HeldKey | None = None) -> str:
        """Return the address of the same for another figure, or of the rows after one."""
        one = self.balance
        asked = {"on": one.on.isoformat(), "currency": one.currency, "figure": figure or one.figure}
        if one.plan:
            asked["plan"] = one.plan
        if after:
            asked["after"] = SEPARATOR.join(map(str, after))
        return f"?{urlencode(asked)}"


def movements_of(
    organization: Organization, parameters: QueryDict, months: Months, shown: Shown
) -> Movements:
    """Read the address of a page of movements; AddressError says what is wrong."""
    selection = select(organization, _without_span(parameters), months)
    kind = one_of(parameters.get("kind", ""), KINDS, "kind")
    rate = one_of(parameters.get("rate", ""), tuple(RATES), "rate")
    plan = plan_of(parameters.get("plan", ""))
    only = narrowing.only_of(parameters, selection.currency)
    if rate and only.narrows:
        raise AddressError(
            _("A rate is of all movements of a month: leave the rate or the filters out."), 400
        )
    after = _moved_after(parameters.get("after", ""))
    if "from" in parameters or "to" in parameters:
        if "month" in parameters or rate:
            raise AddressError(_("Choose a month, or days with from and to; a rate is a month's."), 400)
        start, end = day_of(parameters.get("from", "")), day_of(parameters.get("to", ""))
        if start >= end:
            raise AddressError(_("The day in from must lie before the day in to, which is not in."), 400)
        return Movements(Sum(start, end, selection.currency, kind, plan, only=only), None, after=after)
    month = selection.month
    window = shown.definition.movement_window
    wanted = Sum(month, shift(month, 1), selection.currency, kind, plan, window, only)
    return Movements(replace(wanted, kind=RATES[rate]) if rate else wanted, month, rate, after)


def customers_of(
    organization: Organization, parameters: QueryDict, months: Months, shown: Shown
) -> Customers:
    """Read the address of a page of customers; AddressError says what is wrong."""
    currency = select(organization, _without_span(parameters, "month"), months).currency
    figure = one_of(parameters.get("figure", ""), tuple(FIGURES), "figure") or "mrr"
    told = parameters.get("on", "")
    on = day_of(told) if told else shown.today
    if on > shown.today:
        raise AddressError(_("%(day)s has not come yet.") % {"day": on.isoformat()}, 404)
    if on < date(1970, 1, 2):
        raise AddressError(_("There are no figures before 1970."), 404)
    balance = Balance(figure, currency, on, plan_of(parameters.get("plan", "")))
    return Customers(balance, _held_after(parameters.get("after", "")))


def last_day(wanted: Sum) -> date:
    """Return the last day that a sum holds."""
    return wanted.end - timedelta(days=1)


def _without_span(parameters: QueryDict, *more: str) -> QueryDict:
    kept = parameters.copy()
    for name in ("span", "in", "constant", *more):
        kept.pop(name, None)
    return kept


def one_of(text: str, known: tuple[str, ...], name: str) -> str:
    """Return a word that may be empty; AddressError names the words that are known."""
    if text and text not in known:
        words = {"name": name, "known": ", ".join(known)}
        raise AddressError(_("%(name)s is one of %(known)s.") % words, 400)
    return text


def plan_of(text: str) -> str:
    """Return the id of a price, or nothing; AddressError where no price has such an id."""
    if len(text) > 255 or not text.isprintable():
        raise AddressError(_("A plan is the id of a Stripe price, such as price_1Nabc."), 400)
    return text


def day_of(text: str) -> date:
    """Read a day as people write it; AddressError says how."""
    try:
        return parse_day(text if text.isascii() else "")
    except ValueError:
        raise AddressError(_("A day is written as 2026-10-31: year, month and day."), 400) from None


def _moved_after(text: str) -> MovedKey | None:
    if not text:
        return None
    try:
        on, connection_id, at, customer_id = _parts(text, 4)
        return parse_day(on), UUID(connection_id), customer_id, int(at)
    except ValueError:
        raise _nowhere() from None


def _held_after(text: str) -> HeldKey | None:
    if not text:
        return None
    try:
        amount, connection_id, customer_id = _parts(text, 3)
        if len(amount) > 40:
            raise ValueError
        return int(amount), UUID(connection_id), customer_id
    except ValueError:
        raise _nowhere() from None


def _parts(text: str, count: int) -> list[str]:
    if not text.isprintable():
        raise ValueError
    return text.split(SEPARATOR, count - 1)


def _nowhere() -> AddressError:
    return AddressError(_("This is no place in the list. Open its first page and go on from there."), 400)


def month_asked(organization: Organization, parameters: QueryDict, months: Months) -> tuple[date, str]:
    """Return the month and the currency of an address; AddressError says what is wrong."""
    selection = select(organization, _without_span(parameters), months)
    return selection.month, selection.currency
