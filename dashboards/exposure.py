"""MRR at risk in words: the diagnoses, what each comes to, and the customers behind it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from config import dates
from dashboards.addresses import SEPARATOR
from dashboards.exposure_words import LABELS, MEANINGS, sentence
from dashboards.formatting import Money, money
from dashboards.links import Link
from dashboards.selection import CURRENCY, AddressError, Choice
from metrics.core.intervals import local_day
from metrics.evidence.pages import PAGE
from metrics.exposure.diagnoses import CARD_EXPIRING, DIAGNOSES
from metrics.exposure.reading import ORDERS, Exposed, Place, Standing, Total, all_of, exposed
from metrics.queries import Shown

NOTHING = Total(0, 0)


@dataclass(frozen=True, slots=True)
class Exposures:
    """What a page shows: a diagnosis or all, in which order, and where it begins."""

    slug: str
    currency: str
    diagnosis: str = ""
    order: str = "amount"
    after: Place | None = None

    def url(self, *, diagnosis: str | None = None, currency: str = "", order: str = "") -> str:
        """Return the address of the first page with something else chosen."""
        chosen = self.diagnosis if diagnosis is None else diagnosis
        asked = {"currency": currency or self.currency} | ({"diagnosis": chosen} if chosen else {})
        by = order or self.order
        asked |= {"sort": by} if by != "amount" else {}
        return f"{reverse('exposure', args=[self.slug])}?{urlencode(asked)}"

    def beyond(self, place: Place) -> str:
        """Return the address of the rows after one."""
        value = "" if place.value is None else str(place.value)
        key = SEPARATOR.join((value, str(place.connection_id), place.customer_id))
        return f"{self.url()}&{urlencode({'after': key})}"


@dataclass(frozen=True, slots=True)
class Cell:
    """One diagnosis: its words, how many customers have it, and what they come to."""

    label: str
    meaning: str
    count: Link
    amount: Money
    opens: Link
    chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One customer at risk, and the other diagnoses besides the one shown."""

    name: str
    customer_id: str
    url: str
    label: str
    words: str
    others: list[str]
    due: date | None
    overdue: bool
    amount: Money
    amount_micro: int


def exposures_of(organization: Organization, parameters: QueryDict, known: Standing) -> Exposures:
    """Read the address of the page; AddressError says what is wrong."""
    own, codes = organization.currency.lower(), sorted(known.totals)
    text = parameters.get("currency", "")
    if text and not CURRENCY.fullmatch(text):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    diagnosis, order = parameters.get("diagnosis", ""), parameters.get("sort", "") or "amount"
    for name, value, choices in (("diagnosis", diagnosis, DIAGNOSES), ("sort", order, tuple(ORDERS))):
        if value and value not in choices:
            words = {"name": name, "known": ", ".join(choices)}
            raise AddressError(_("%(name)s is one of %(known)s.") % words, 400)
    currency = text or (own if own in codes or not codes else codes[0])
    return Exposures(
        organization.slug, currency, diagnosis, order, _place(parameters.get("after", ""), order)
    )


def _place(text: str, order: str) -> Place | None:
    if not text:
        return None
    try:
        value, connection_id, customer_id = text.split(SEPARATOR, 2) if text.isprintable() else ("", "", "")
        number = int(value) if value else None
        if len(value) > 20 or (order == "amount" and number is None):
            raise ValueError
        # Beyond these no instant can be told.
        if order == "due" and number is not None and not 0 <= number < 2**53:
            raise ValueError
        return Place(number, UUID(connection_id), customer_id)
    except ValueError:
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None


def exposure_page(shown: Shown, known: Standing, wanted: Exposures) -> dict[str, Any]:
    """Return what the page shows."""
    found = exposed(shown, wanted.currency, wanted.diagnosis, wanted.order, wanted.after)
    lines, totals = found[:PAGE], known.totals.get(wanted.currency, {})
    whole = totals.get(wanted.diagnosis, NOTHING)
    return {
        "on": known.on,
        "finished": known.finished,
        "diagnosis": wanted.diagnosis,
        "heading": LABELS[wanted.diagnosis],
        "meaning": MEANINGS[wanted.diagnosis],
        "currency": wanted.currency.upper(),
        "currencies": [
            Choice(one, one.upper(), wanted.url(currency=one), one == wanted.currency)
            for one in sorted({*known.totals, wanted.currency})
        ],
        "total": money(whole.amount_micro, wanted.currency),
        "total_micro": whole.amount_micro,
        "count": whole.customers,
        "cells": [_cell(one, totals.get(one, NOTHING), wanted) for one in DIAGNOSES],
        "everyone": _cell("", totals.get("", NOTHING), wanted),
        "order": wanted.order,
        "orders": [
            Choice(name, label, wanted.url(order=name), name == wanted.order)
            for name, label in (("amount", _("Largest first")), ("due", _("Soonest first")))
        ],
        "rows": _rows(shown, lines, wanted),
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.beyond(lines[-1].place(wanted.order)) if len(found) > PAGE else "",
    }


def _cell(diagnosis: str, total: Total, wanted: Exposures) -> Cell:
    url = wanted.url(diagnosis=diagnosis)
    return Cell(
        str(LABELS[diagnosis]),
        str(MEANINGS[diagnosis]),
        Link(url, count=total.customers),
        money(total.amount_micro, wanted.currency),
        Link(url, amount_micro=total.amount_micro),
        diagnosis == wanted.diagnosis,
    )


def _rows(shown: Shown, lines: Sequence[Exposed], wanted: Exposures) -> list[Row]:
    besides = all_of(shown, wanted.currency, lines)
    return [
        Row(
            one.name,
            one.customer_id,
            reverse("customer", args=[wanted.slug, one.connection_id, one.customer_id]),
            str(LABELS[one.diagnosis]),
            _words(one, wanted.currency, shown.zone),
            [
                str(LABELS[name])
                for name in besides.get((one.connection_id, one.customer_id), ())
                if name != one.diagnosis
            ],
            _day(one, shown.zone),
            one.due_at is not None and local_day(int(one.due_at.timestamp()), shown.zone) < shown.today,
            money(one.amount_micro, wanted.currency),
            one.amount_micro,
        )
        for one in lines
    ]


def _words(one: Exposed, currency: str, zone: ZoneInfo) -> str:
    told = json.loads(one.detail)
    day = _day(one, zone)
    return sentence(
        one.diagnosis,
        dates.day(day) if day else "",
        str(money(int(told.get("beside_micro", 0)), currency)),
        canceled=bool(told.get("canceled")),
    )


def _day(one: Exposed, zone: ZoneInfo) -> date | None:
    """Return the local day of what is due; of a card its last good one, which is the same everywhere."""
    at: datetime | None = one.due_at
    if at is None:
        return None
    return (
        (at - timedelta(days=1)).date()
        if one.diagnosis == CARD_EXPIRING
        else local_day(int(at.timestamp()), zone)
    )
