"""What is decided, ready to be drawn: committed MRR step by step, sums by kind and day, and the changes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboards.addresses import SEPARATOR
from dashboards.calendar_words import LABELS, LISTS, MEANINGS, NAMES, sentence
from dashboards.formatting import Money, money
from dashboards.links import Link
from dashboards.opening import Opening
from dashboards.selection import AddressError, Choice, Selection
from metrics.evidence.pages import PAGE
from metrics.evidence.sums import standing
from metrics.outlook.decided import CANCELLATION, HORIZONS, KINDS, MOVES, RISKS, START, UNDATED
from metrics.outlook.reading import (
    EVER,
    Calendar,
    Change,
    Place,
    Span,
    Total,
    Wanted,
    calendar,
    changes,
    span_of,
)
from metrics.periods import parse_day
from metrics.queries import Shown


@dataclass(frozen=True, slots=True)
class Calendars:
    """What a page shows: how many days, which list of changes, of which kind and day, and where it begins."""

    slug: str
    currency: str
    today: date
    days: int = HORIZONS[0]
    listed: str = "moves"
    kind: str = ""
    day: date | None = None
    after: Place | None = None

    @property
    def span(self) -> Span:
        """Return the days of the horizon."""
        return span_of(self.today, self.days)

    @property
    def wanted(self) -> Wanted:
        """Return the changes to list; what committed MRR holds is listed whenever it comes."""
        span = EVER if self.listed == "committed" else self.span
        span = Span(self.day, self.day) if self.day else span
        return Wanted(self.currency, self.listed, self.kind, span)

    def url(self) -> str:
        """Return the address of the first page."""
        asked = {"currency": self.currency, "days": str(self.days), "list": self.listed}
        asked |= {"kind": self.kind} if self.kind else {}
        asked |= {"day": self.day.isoformat()} if self.day else {}
        return f"{reverse('calendar', args=[self.slug])}?{urlencode(asked)}"

    def first(self, **more: Any) -> "Calendars":
        """Return the same list of all days from its beginning, with something else chosen."""
        return replace(self, day=None, after=None, **more)

    def opens(self, listed: str, kind: str = "", day: date | None = None) -> str:
        """Return the address of a list of the same days."""
        return replace(self, listed=listed, kind=kind, day=day, after=None).url()

    def beyond(self, place: Place) -> str:
        """Return the address of the rows after one."""
        return f"{self.url()}&{urlencode({'after': SEPARATOR.join(map(str, place))})}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of changes and what they come to; each opens where there are any."""

    label: str
    meaning: str
    count: Link
    amount: Money
    opens: Link | None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One change of a subscription, and where it opens."""

    name: str
    customer_id: str
    url: str
    subscription_id: str
    subscription_url: str
    label: str
    words: str
    on: date | None
    amount: Money
    amount_micro: int


def calendars_of(slug: str, selection: Selection, parameters: QueryDict, today: date) -> Calendars:
    """Read the address of the page; AddressError says what is wrong."""
    days, listed = parameters.get("days", "") or str(HORIZONS[0]), parameters.get("list", "") or "moves"
    kind = parameters.get("kind", "")
    for name, value, known in (
        ("days", days, [str(one) for one in HORIZONS]),
        ("list", listed, list(LISTS)),
        ("kind", kind, ["", *_kinds(listed)]),
    ):
        if value not in known:
            words = {"name": name, "known": ", ".join(filter(None, known))}
            raise AddressError(_("%(name)s is one of %(known)s.") % words, 400)
    day = _day(parameters.get("day", ""))
    after = _place(parameters.get("after", ""))
    return Calendars(slug, selection.currency, today, int(days), listed, kind, day, after)


def _kinds(listed: str) -> Iterable[str]:
    return {"moves": MOVES, "risks": RISKS, "committed": (CANCELLATION, START)}.get(listed, KINDS)


def _day(text: str) -> date | None:
    try:
        return parse_day(text if text.isascii() else "-") if text else None
    except ValueError:
        raise AddressError(_("A day is written as 2026-10-31: year, month and day."), 400) from None


def _place(text: str) -> Place | None:
    if not text:
        return None
    try:
        on, kind, connection_id, rest = text.split(SEPARATOR, 3) if text.isprintable() else [""] * 4
        # A customer's id may hold the separator, a subscription's may not.
        customer_id, subscription_id = rest.rsplit(SEPARATOR, 1)
        return date.fromisoformat(on), kind, UUID(connection_id), customer_id, subscription_id
    except ValueError:
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None


def calendar_page(shown: Shown, wanted: Calendars, currencies: Iterable[str]) -> dict[str, Any]:
    """Return what the page shows; it may show each of some currencies."""
    known = calendar(shown, wanted.currency)
    found = changes(shown, wanted.wanted, wanted.after)
    lines, total = found[:PAGE], known.total(wanted.wanted)
    return {
        "currency": wanted.currency.upper(),
        "currencies": [
            Choice(one, one.upper(), wanted.first(currency=one).url(), one == wanted.currency)
            for one in currencies
        ],
        "days": wanted.days,
        "last_day": wanted.span.last,
        "horizons": [
            Choice(
                str(days),
                ngettext("%(count)d day", "%(count)d days", days) % {"count": days},
                wanted.first(days=days).url(),
                days == wanted.days,
            )
            for days in HORIZONS
        ],
        "steps": _steps(shown, known, wanted),
        "moves": [_cell(known, wanted, "moves", kind) for kind in MOVES],
        "moved": _cell(known, wanted, "moves", ""),
        "risks": [_cell(known, wanted, "risks", kind) for kind in RISKS],
        "by_day": _by_day(known, wanted),
        "heading": str(LABELS[wanted.kind] if wanted.kind else LISTS[wanted.listed]),
        "listed": wanted.listed,
        "narrowed": bool(wanted.kind or wanted.day or wanted.listed != "moves"),
        "day": None if wanted.day == UNDATED else wanted.day,
        "everything_url": wanted.opens("moves"),
        "total": money(total.amount_micro, wanted.currency, signed=wanted.listed != "risks"),
        "total_micro": total.amount_micro,
        "count": total.count,
        "rows": [_row(one, wanted) for one in lines],
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.beyond(lines[-1].place) if len(found) > PAGE else "",
    }


def _steps(shown: Shown, known: Calendar, wanted: Calendars) -> list[Cell]:
    """Walk from MRR to committed MRR; what no change explains yet has a step of its own."""
    currency, today = wanted.currency, wanted.today
    now, opening = standing(shown, currency, today), Opening(wanted.slug, currency, today)
    mrr = Link(opening.customers(today), amount_micro=now.mrr_micro)
    committed = Link(opening.customers(today, figure="committed_mrr"), amount_micro=now.committed_micro)
    steps = {kind: known.total(Wanted(currency, "committed", kind)) for kind in (CANCELLATION, START)}
    left = now.committed_micro - now.mrr_micro - sum(one.amount_micro for one in steps.values())
    labels = {CANCELLATION: _("Asked to end"), START: str(LABELS[START])}
    between = [
        _counted(
            Total(one.count, one.amount_micro),
            wanted,
            wanted.opens("committed", kind),
            (labels[kind], ""),
            signed=True,
        )
        for kind, one in steps.items()
    ]
    if left:
        waits = _("Not looked at yet"), _("Customers who changed a moment ago. Reload in a moment.")
        between.append(Cell(*waits, Link(""), money(left, currency, signed=True), None))
    return [
        Cell(_("MRR now"), "", Link(""), money(now.mrr_micro, currency), mrr),
        *between,
        Cell(_("Committed MRR"), "", Link(""), money(now.committed_micro, currency), committed),
    ]


def _cell(known: Calendar, wanted: Calendars, listed: str, kind: str) -> Cell:
    total = known.total(Wanted(wanted.currency, listed, kind, wanted.span))
    words = (str(LABELS[kind]), str(MEANINGS[kind])) if kind else (_("All that moves MRR"), "")
    return _counted(total, wanted, wanted.opens(listed, kind), words, signed=listed == "moves")


def _counted(
    total: Total,
    wanted: Calendars,
    url: str,
    words: tuple[str, str],
    *,
    signed: bool,
    on: date | None = None,
) -> Cell:
    amount = money(total.amount_micro, wanted.currency, signed=signed)
    opens = Link(url, amount_micro=total.amount_micro) if total.count else None
    return Cell(*words, Link(url, count=total.count), amount, opens, on)


def _by_day(known: Calendar, wanted: Calendars) -> list[dict[str, Cell]]:
    """Return the days with anything, each with what moves and what is put at risk."""
    moves, risks = (known.days(wanted.span, kinds) for kinds in (MOVES, RISKS))
    return [
        {
            listed: _counted(
                totals.get(on, Total()),
                wanted,
                wanted.opens(listed, day=on),
                ("", ""),
                signed=listed == "moves",
                on=on,
            )
            for listed, totals in (("moves", moves), ("risks", risks))
        }
        for on in sorted({*moves, *risks})
    ]


def _row(one: Change, wanted: Calendars) -> Row:
    dated = one.on != UNDATED
    words = sentence(one.kind, one.amount_micro, late=dated and one.on < wanted.today)
    return Row(
        one.name,
        one.customer_id,
        reverse("customer", args=[wanted.slug, one.connection_id, one.customer_id]),
        one.subscription_id,
        reverse("object", args=[wanted.slug, one.connection_id, one.subscription_id]),
        str(NAMES[one.kind]),
        words if dated else _("No date is known."),
        one.on if dated else None,
        money(one.amount_micro, wanted.currency, signed=wanted.listed != "risks"),
        one.amount_micro,
    )
