"""The lists behind a month's payments: read from an address, and drawn row by row."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config import dates
from dashboards.addresses import SEPARATOR, day_of
from dashboards.formatting import Money, money
from dashboards.payments import KINDS, rows_url
from dashboards.reasons import reasons
from dashboards.selection import AddressError, Selection, named
from metrics.core.intervals import local_day
from metrics.evidence.pages import PAGE
from metrics.payments.lines import Key, Line, lines
from metrics.payments.sums import Month, kind_of
from metrics.periods import month_of, parse_day
from metrics.queries import Shown

HEADINGS = {
    "failed": gettext_lazy("Failed payments"),
    "recovered": gettext_lazy("Recovered payments"),
    "refunds": gettext_lazy("Refunds"),
    "cancellations": gettext_lazy("Customers who left"),
}
MEANINGS = {
    "failed": gettext_lazy("Invoices by the day of their first failed attempt."),
    "recovered": gettext_lazy(
        "Invoices that failed first in this time and were paid since, whenever that was."
    ),
    "refunds": gettext_lazy("What was given back. It never lowers MRR by itself."),
    "cancellations": gettext_lazy("Customers whose MRR went to 0, netted by local day."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One payment, refund or departure; `url` opens the stored object, or the customer who left."""

    name: str
    customer_url: str
    on: date
    id: str
    url: str
    words: str
    amount: Money
    amount_micro: int


def rows_page(
    shown: Shown, selection: Selection, name: str, parameters: QueryDict, slug: str
) -> dict[str, Any]:
    """Return a page of one list; AddressError says what is wrong with its address."""
    day, why = _day(parameters.get("day", ""), selection, name), parameters.get("why", "")
    if why and (name != "cancellations" or len(why) > 1_000 or not why.isprintable()):
        raise AddressError(_("A reason is of customers who left, as the page of payments writes it."), 400)
    after = _after(parameters.get("after", ""), dated=name == "cancellations")
    month = Month(selection.currency, selection.month)
    found = lines(shown, month, name, day=day, why=why, after=after)
    first = rows_url(slug, name, selection, day=day.isoformat() if day else "", why=why)
    key = SEPARATOR.join(_key_parts(found[PAGE - 1].key)) if len(found) > PAGE else ""
    return {
        "name": name,
        "table": f"{name}_payments" if name in ("failed", "recovered") else name,
        "heading": HEADINGS[name],
        "meaning": MEANINGS[name],
        "period": dates.long_day(day) if day else named(selection.month),
        "why": reasons(why.split(" ")) if why else "",
        "selection": selection,
        "rows": [_row(one, selection.currency, name, shown, slug) for one in found[:PAGE]],
        "first_url": first if after else "",
        "next_url": rows_url(slug, name, selection, day=day.isoformat() if day else "", why=why, after=key)
        if key
        else "",
    }


def _row(one: Line, currency: str, name: str, shown: Shown, slug: str) -> Row:
    at = one.at
    on = local_day(int(at.timestamp()), shown.zone) if isinstance(at, datetime) else at
    customer = reverse("customer", args=[slug, one.connection_id, one.customer_id]) if one.customer_id else ""
    left = name == "cancellations"
    stored = "" if left else reverse("object", args=[slug, one.connection_id, one.id])
    return Row(
        one.name,
        customer,
        on,
        "" if left else one.id,
        stored,
        _words(one, name, shown),
        money(one.amount_micro, currency),
        one.amount_micro,
    )


def _words(one: Line, name: str, shown: Shown) -> str:
    if name == "cancellations":
        codes = one.word.split(" ") if one.word else []
        return f"{KINDS[kind_of(codes)]}: {reasons(codes)}" if codes else str(KINDS["other"])
    if name == "refunds":
        return one.word.replace("_", " ") or pgettext("a reason", "unknown")
    if one.then is not None and one.word == "paid":
        day = dates.day(local_day(int(one.then.timestamp()), shown.zone))
        return _("Paid on %(day)s") % {"day": day}
    return {
        "open": _("Still open"),
        "void": _("Voided"),
        "uncollectible": _("Written off"),
        "": _("Unknown invoice"),
    }.get(one.word, one.word)


def _day(text: str, selection: Selection, name: str) -> date | None:
    if not text:
        return None
    day = day_of(text)
    if month_of(day) != selection.month:
        raise AddressError(
            _("%(day)s is not in %(month)s.") % {"day": text, "month": named(selection.month)}, 400
        )
    return day


def _key_parts(key: Key) -> tuple[str, str, str]:
    at, connection_id, identity = key
    return at.isoformat(), str(connection_id), identity


def _after(text: str, *, dated: bool) -> Key | None:
    if not text:
        return None
    try:
        at, connection_id, identity = text.split(SEPARATOR, 2) if text.isprintable() else ("", "", "")
        when: date = parse_day(at) if dated else datetime.fromisoformat(at)
        if isinstance(when, datetime) and when.tzinfo is None:
            raise ValueError
        return when, UUID(connection_id), identity
    except ValueError:
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
