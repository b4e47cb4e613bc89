"""Customers by size: the spans of ARR that an organization sets, in its own currency, each with its team.

A span begins at its edge and ends below the next one's. Of another currency, today's rate tells the edges.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from django.utils.translation import gettext as _

from accounts.access import OrganizationRequest
from accounts.audit import record
from accounts.models import Organization, User
from config import clock
from dashboards.conditional import Also, told_of
from dashboards.models import SizeBucket
from metrics.core.money import MICRO, decimals
from metrics.exchange.quotes import OLDEST, PIVOT, Quote, Quotes
from metrics.queries import Shown

MOST = 12
# Major units of the organization's currency.
DEFAULTS = ((0, 0), (50_000, 1), (250_000, 2))


def _bound(request: OrganizationRequest) -> dict[str, Any]:
    """Bind the currencies whose rates tell the sizes: the organization's, the one asked for, and the euro."""
    codes = [request.organization.currency.lower(), request.GET.get("currency", "")[:3], PIVOT]
    since = clock.now().date() - timedelta(days=OLDEST + 2)
    return {"codes": [code.replace("\0", "") for code in codes], "rates_since": since}


SIZES = Also(
    """(SELECT coalesce(json_agg(json_build_array(from_minor, name, team) ORDER BY from_minor), '[]')::text
     FROM dashboards_sizebucket WHERE organization_id = %(organization)s),
    (SELECT coalesce(json_agg(json_build_array(base, quote, "on", rate::text, source)), '[]')::text
     FROM metrics_exchangerate WHERE organization_id = %(organization)s
       AND base = ANY(%(codes)s) AND quote = ANY(%(codes)s) AND "on" >= %(rates_since)s)""",
    _bound,
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One size: from how much ARR in minor units of the organization's currency, its name and its team."""

    from_minor: int
    name: str
    team: str


@dataclass(frozen=True, slots=True)
class Span:
    """A size in the MRR of some currency: from `low` up to below `high`, in micro units."""

    bucket: Bucket
    low: int
    high: int | None


class EdgesError(ValueError):
    """Raised for sizes that do not follow one another; the message says which."""


def buckets(request: OrganizationRequest) -> list[Bucket]:
    """Return an organization's sizes, the smallest first: its own, or those that most begin with."""
    rows, _rates = told_of(request, SIZES)
    return [Bucket(*row) for row in json.loads(rows)] or defaults(request.organization)


def defaults(organization: Organization) -> list[Bucket]:
    """Return the sizes of an organization that has set none."""
    words = (
        (_("Small"), _("Self-service")),
        (_("Mid-market"), _("Account managers")),
        (_("Enterprise"), _("Key accounts")),
    )
    unit = 10 ** decimals(organization.currency.lower() or "usd")
    return [Bucket(major * unit, *words[place]) for major, place in DEFAULTS]


def spans(request: OrganizationRequest, shown: Shown, currency: str) -> list[Span]:
    """Return the sizes as spans of MRR in a currency; MissingRateError where nothing tells its rate."""
    found, own = buckets(request), request.organization.currency.lower() or currency
    rate = _quotes(request).rate(currency, own, shown.today).value
    # Rates are of major units, and currencies have as many minor ones as they please.
    minor = rate * 10 ** decimals(own) / 10 ** decimals(currency)
    lows = [ceil(Fraction(one.from_minor * MICRO) / (12 * minor)) for one in found]
    highs = [*lows[1:], None]
    return [Span(*each) for each in zip(found, lows, highs, strict=True)]


def _quotes(request: OrganizationRequest) -> Quotes:
    _sizes, rates = told_of(request, SIZES)
    return Quotes.of(
        Quote(base, quote, date.fromisoformat(on), Decimal(rate), source)
        for base, quote, on, rate, source in json.loads(rates)
    )


def set_buckets(organization: Organization, wanted: Sequence[Bucket], *, by: User) -> None:
    """Put sizes in place of those that hold; EdgesError says what does not fit."""
    check(wanted)
    SizeBucket.objects.filter(organization=organization).delete()
    SizeBucket.objects.bulk_create(
        SizeBucket(organization=organization, from_minor=one.from_minor, name=one.name, team=one.team)
        for one in wanted
    )
    told = [{"from_minor": one.from_minor, "name": one.name, "team": one.team} for one in wanted]
    record("customers.sizes_changed", actor=by, sizes=told)


def check(wanted: Sequence[Bucket]) -> None:
    """Refuse sizes that leave a customer without one, or with two."""
    if not wanted or wanted[0].from_minor:
        raise EdgesError(_("The first size begins at 0, so that every customer has one."))
    for before, one in pairwise(wanted):
        names = {"one": one.name, "before": before.name}
        if one.from_minor == before.from_minor:
            raise EdgesError(_("%(before)s and %(one)s begin at the same amount. Give each its own.") % names)
        if one.from_minor < before.from_minor:
            raise EdgesError(
                _("%(one)s begins below %(before)s, which stands before it. Write the smallest size first.")
                % names
            )
    names_used = [one.name.casefold() for one in wanted]
    for one in wanted:
        if names_used.count(one.name.casefold()) > 1:
            raise EdgesError(_("Two sizes are called %(name)s. Give each its own name.") % {"name": one.name})
