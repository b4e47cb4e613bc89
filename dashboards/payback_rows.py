"""The rows behind CAC payback: what was spent, and the customers of a channel."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.formatting import DASH, Money, money
from dashboards.payback_addresses import PaybackRows
from dashboards.selection import named
from metrics.evidence.pages import PAGE
from metrics.payback.reading import Window, customer_rows, spend_rows
from metrics.payback.storing import Proposal


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a month with a channel's spend, or a customer with what it began with."""

    name: str
    month: date
    amount: Money
    amount_micro: int
    url: str = ""
    customer_id: str = ""


@dataclass(frozen=True, slots=True)
class Differs:
    """A row of a table of spend beside the proposed one."""

    month: date
    channel: str
    was: str
    will: str


def proposed_page(found: Proposal) -> dict[str, Any]:
    """Return in what a proposed table differs."""

    def written(amount: int | None, currency: str) -> str:
        return DASH if amount is None else str(money(amount, currency))

    rows = [
        Differs(
            one.month,
            one.channel,
            written(one.was_micro, one.currency),
            written(one.will_micro, one.currency),
        )
        for one in found.rows
    ]
    return {"proposal": found, "differences": rows}


def spend_page(wanted: PaybackRows, organization_id: UUID, file_id: UUID) -> dict[str, Any]:
    """Return a page of what was spent."""
    window = Window(organization_id, file_id, wanted.first, wanted.last)
    after = (date.fromisoformat(wanted.after[0]), wanted.after[1]) if wanted.after else None
    found = spend_rows(window, wanted.currency, wanted.channel, after)
    lines = [
        Line(channel, month, money(int(amount), wanted.currency), int(amount))
        for month, channel, _currency, amount in found.rows[:PAGE]
    ]
    last = found.rows[PAGE - 1] if len(found.rows) > PAGE else None
    following = (f"{last[0]}", last[1]) if last else ()
    return _page(wanted, _("Spend"), lines, found.total_micro, following)


def customers_page(wanted: PaybackRows, organization_id: UUID) -> dict[str, Any]:
    """Return a page of the customers of a channel."""
    window = Window(organization_id, organization_id, wanted.first, wanted.last)
    told = wanted.after
    after = (date.fromisoformat(told[0]), UUID(told[1]), told[2]) if told else None
    found = customer_rows(window, wanted.currency, wanted.channel or "", after)
    lines = [
        Line(
            name,
            month,
            money(amount, wanted.currency),
            amount,
            reverse("customer", args=[wanted.slug, connection_id, customer_id]),
            customer_id,
        )
        for month, connection_id, customer_id, amount, name in found.rows[:PAGE]
    ]
    last = found.rows[PAGE - 1] if len(found.rows) > PAGE else None
    following = (f"{last[0]}", str(last[1]), last[2]) if last else ()
    page = _page(wanted, _("New customers"), lines, found.total_micro, following)
    return page | {"count": found.count}


def _page(
    wanted: PaybackRows, heading: str, lines: list[Line], total: int, following: tuple[str, ...]
) -> dict[str, Any]:
    channel = wanted.channel
    return {
        "heading": heading,
        "channel": None if channel is None else channel or _("none named"),
        "currency": wanted.currency.upper(),
        "since": named(wanted.first),
        "until": named(wanted.last),
        "total": money(total, wanted.currency),
        "total_micro": total,
        "rows": lines,
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.url(following) if following else "",
        "back_url": reverse("payback", args=[wanted.slug]),
    }
