"""What the columns of a file are: guessed from their names, chosen by a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from metrics.bridge.uploads.tables import FileError, Table
from metrics.bridge.uploads.values import date_order, decimal_mark, is_month

FORMS = ("long", "wide", "changes")
CUSTOMER = ("customer id", "customer", "subscriber", "client", "account", "email", "e-mail", "name", "id")
MONTH = ("month", "date", "period", "day", "at")
AMOUNT = ("mrr", "amount", "change", "value", "revenue", "total")
CURRENCY = ("currency", "ccy")
CHANGES = ("change", "movement", "delta", "difference")
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Columns:
    """The places of a file's columns, and how its cells are written.

    `long`: a customer, a month and an amount in each row. `wide`: a customer in each row, a month in
    each column. `changes`: a customer, a day and by how much the MRR changed.
    """

    form: str = "long"
    customer: int = 0
    month: int | None = None
    amount: int | None = None
    currency_column: int | None = None
    currency: str = ""
    decimal: str = "."
    dates: str = "dmy"
    unit: str = "major"

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Columns":
        """Return what was stored."""
        return cls(**{one.name: stored[one.name] for one in fields(cls) if one.name in stored})


def guessed(one: Table, currency: str) -> Columns:
    """Return the likeliest columns by their names."""
    months = [place for place, name in enumerate(one.header) if is_month(name)]
    amount = _named(one.header, AMOUNT)
    changes = amount is not None and any(word in one.header[amount].lower() for word in CHANGES)
    form = "wide" if len(months) > 1 else "changes" if changes else "long"
    month = _named(one.header, MONTH)
    figures = months if form == "wide" else [amount] if amount is not None else []
    return Columns(
        form=form,
        customer=_named(one.header, CUSTOMER) or 0,
        month=month,
        amount=amount,
        currency_column=_named(one.header, CURRENCY),
        currency=currency,
        decimal=decimal_mark(_cells(one, figures)),
        dates=date_order(_cells(one, [month] if month is not None else [])),
    )


def checked(columns: Columns, one: Table) -> Columns:
    """Return the columns if the file can be read by them; FileError says what lacks."""
    if columns.form == "wide":
        if not months_across(columns, one):
            raise FileError(
                _("No other column's name is a month such as 2026-10. Choose another form of the file.")
            )
    elif columns.month is None or columns.amount is None:
        raise FileError(_("Choose the column of the month or day, and the column of the amount."))
    elif len({columns.customer, columns.month, columns.amount}) < 3:
        raise FileError(_("Customer, month and amount must be three different columns."))
    if columns.currency_column is None and not columns.currency:
        raise FileError(_("Choose the column of the currency, or write the currency of all amounts."))
    return columns


def months_across(columns: Columns, one: Table) -> list[int]:
    """Return the places of a wide file's months."""
    own = (columns.customer, columns.currency_column)
    return [place for place, name in enumerate(one.header) if place not in own and is_month(name)]


def _named(header: list[str], words: Iterable[str]) -> int | None:
    """Return the first column whose name is one of the words, else the first that contains one."""
    names = [name.lower().replace("_", " ").strip() for name in header]
    for word in words:
        if word in names:
            return names.index(word)
    for word in words:
        for place, name in enumerate(names):
            if word in name.split() or (len(word) > 3 and word in name):
                return place
    return None


def _cells(one: Table, places: Iterable[int]) -> list[str]:
    wanted = list(places)
    return [cells[place] for _, cells in one.rows[:SAMPLE] for place in wanted if place < len(cells)]
