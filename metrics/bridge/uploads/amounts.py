"""What a file says each customer's MRR was at each month's end, and every row that says nothing usable."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.bridge.uploads.columns import Columns, months_across
from metrics.bridge.uploads.tables import Table
from metrics.bridge.uploads.values import LARGEST, micro, month
from metrics.periods import shift

CURRENCY = re.compile(r"[a-z]{3}")
LONGEST = 255
MOST_AMOUNTS = 2_000_000
Key = tuple[date, str, str]


@dataclass(slots=True)
class Reading:
    """The amounts by month, currency and customer; the bad rows by line; how many rows there are."""

    amounts: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    problems: list[tuple[int, str]] = field(default_factory=list)
    rows: int = 0


def read(one: Table, columns: Columns) -> Reading:
    """Read every row; rows of one customer, month and currency are added up, changes run on."""
    found = Reading()
    places = months_across(columns, one) if columns.form == "wide" else []
    for line, cells in one.rows:
        if len(found.amounts) > MOST_AMOUNTS:
            return _within(found)
        found.rows += 1
        try:
            for key, amount in _figures(one.header, cells, columns, places):
                if amount:
                    found.amounts[key] += amount
        except ValueError as error:
            found.problems.append((line, str(error)))
    if columns.form == "changes":
        found.amounts = running(found.amounts)
    return _within(found)


def running(changes: dict[Key, int]) -> dict[Key, int]:
    """Return the sums of changes at every month's end from each customer's first to the file's last.

    More than can be stored are not made: the file is refused for them.
    """
    by_customer: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    for (on, currency, customer), amount in changes.items():
        by_customer[currency, customer][on] = amount
    last = max((on for on, _, _ in changes), default=date.min)
    sums: dict[Key, int] = {}
    for (currency, customer), moved in by_customer.items():
        total, on = 0, min(moved)
        while on <= last:
            total += moved.get(on, 0)
            if total:
                sums[on, currency, customer] = total
            on = shift(on, 1)
        if len(sums) > MOST_AMOUNTS:
            break
    return sums


def _within(found: Reading) -> Reading:
    """Leave out sums of 0, and refuse what cannot be stored."""
    if len(found.amounts) > MOST_AMOUNTS:
        text = ngettext(
            "The file makes more than %(most)d amount. Leave out older months.",
            "The file makes more than %(most)d amounts. Leave out older months.",
            MOST_AMOUNTS,
        )
        found.problems.append((1, text % {"most": MOST_AMOUNTS}))
    found.amounts = {key: amount for key, amount in found.amounts.items() if amount}
    for (_on, _currency, customer), amount in found.amounts.items():
        if abs(amount) >= LARGEST:
            found.problems.append(
                (1, _("The rows of %(customer)s add up to too much.") % {"customer": customer})
            )
    return found


def _figures(
    header: list[str], cells: list[str], columns: Columns, places: list[int]
) -> list[tuple[Key, int]]:
    customer = _cell(cells, columns.customer, header)
    if not customer:
        raise ValueError(_("The row names no customer."))
    if len(customer) > LONGEST:
        raise ValueError(_("The customer's name has more than 255 characters."))
    currency = columns.currency
    if columns.currency_column is not None:
        currency = _cell(cells, columns.currency_column, header).lower() or currency
    if not CURRENCY.fullmatch(currency):
        raise ValueError(_("“%(text)s” is no currency such as EUR.") % {"text": currency[:20]})
    pairs = (
        [(header[place], _cell(cells, place, header)) for place in places]
        if columns.form == "wide"
        else [(_cell(cells, columns.month or 0, header), _cell(cells, columns.amount or 0, header))]
    )
    found = []
    for when, text in pairs:
        amount = micro(text, currency, columns.decimal, columns.unit)
        if amount is not None:
            found.append(((month(when, columns.dates), currency, customer), amount))
    return found


def _cell(cells: list[str], place: int, header: list[str]) -> str:
    if place >= len(cells):
        text = ngettext(
            "The row has %(found)d column; the header has %(wanted)d.",
            "The row has %(found)d columns; the header has %(wanted)d.",
            len(cells),
        )
        raise ValueError(text % {"found": len(cells), "wanted": len(header)})
    return cells[place]
