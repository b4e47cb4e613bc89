"""A table of spend, pasted or uploaded: every row by month, channel and currency, or why it is none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.currencies import CODES
from metrics.bridge.uploads.tables import FileError, Table, table
from metrics.bridge.uploads.values import date_order, decimal_mark, micro, month
from metrics.core.money import MICRO, decimals

MOST_ROWS = 200_000
LONGEST = 60
EARLIEST = date(2000, 1, 1)
# More than this in a month on one channel is a slip of the comma, in whichever currency.
ABSURD = 10_000_000_000
# What the pages call each in their eight languages, whichever the reader's is: a table comes from anybody.
COLUMNS = {
    name: tuple(words.split())
    for name, words in {
        "month": "month date period monat datum mois mes fecha mese data maand miesiąc mês",
        "channel": "channel source medium kanal quelle canal fuente canale fonte kanaal bron kanał źródło",
        "amount": "amount spend cost betrag ausgaben kosten montant dépenses coût importe gasto coste "
        "importo spesa costo bedrag uitgaven kwota wydatki koszt valor custo",
        "currency": "currency ccy währung devise moneda valuta waluta moeda",
    }.items()
}
FORMULAS = ("=", "@", "+")
Key = tuple[date, str, str]
# Says why an amount of a month cannot be used in its currency; nothing where it can.
Refuses = Callable[[str, date], str]


@dataclass(slots=True)
class Reading:
    """The amounts by month, channel and currency, and the bad rows by line."""

    amounts: dict[Key, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)


def channel_of(text: str) -> str:
    """Return a channel as it is compared: without regard to case and spaces."""
    return " ".join(text.split()).lower()


def read(content: bytes, today: date, refuses: Refuses) -> Reading:
    """Read every row; FileError where the file is none that can be read."""
    found = table(content)
    if len(found.rows) > MOST_ROWS:
        words = {"most": MOST_ROWS}
        text = ngettext(
            "The table has more than %(most)d row. Leave out older months.",
            "The table has more than %(most)d rows. Leave out older months.",
            MOST_ROWS,
        )
        raise FileError(text % words)
    places = _places(found)
    samples = [_cell(cells, places["amount"]) for _line, cells in found.rows[:200]]
    days = [_cell(cells, places["month"]) for _line, cells in found.rows[:200]]
    reader = _Reader(places, decimal_mark(samples), date_order(days), today, refuses)
    for line, cells in found.rows:
        reader.take(line, cells)
    return reader.found


def _places(found: Table) -> dict[str, int]:
    header = [name.strip().lower() for name in found.header]
    places = {}
    for name, known in COLUMNS.items():
        place = next((header.index(word) for word in known if word in header), None)
        if place is None:
            words = {"lacks": name, "found": ", ".join(found.header)[:120]}
            raise FileError(
                _(
                    "There is no column “%(lacks)s”. The first row names the columns month, channel, amount "
                    "and currency; this one has: %(found)s."
                )
                % words
            )
        places[name] = place
    return places


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


@lru_cache(maxsize=1_024)
def _month(text: str, order: str) -> date:
    return month(text, order)


@dataclass(slots=True)
class _Reader:
    """What is known of a table while its rows are read."""

    places: dict[str, int]
    decimal: str
    order: str
    today: date
    refuses: Refuses
    found: Reading = field(default_factory=Reading)
    lines: dict[Key, int] = field(default_factory=dict)

    def take(self, line: int, cells: list[str]) -> None:
        """Keep a row, or why it cannot be."""
        try:
            key, amount = self._read({name: _cell(cells, place) for name, place in self.places.items()})
            if key in self.lines:
                words = {"line": self.lines[key]}
                raise ValueError(
                    _("Line %(line)d has the same month and channel. Add the two up into one row.") % words
                )
        except ValueError as error:
            self.found.problems.append((line, str(error)))
            return
        self.lines[key], self.found.amounts[key] = line, amount

    def _read(self, told: dict[str, str]) -> tuple[Key, int]:
        formula = next((text for text in told.values() if text.startswith(FORMULAS)), "")
        if formula:
            raise ValueError(_("“%(text)s” is a formula. Paste the values instead.") % {"text": formula[:40]})
        on, currency = _month(told["month"], self.order), told["currency"].lower()
        if not EARLIEST <= on <= self.today:
            raise ValueError(
                _("“%(text)s” lies in the future or before 2000.") % {"text": told["month"][:40]}
            )
        channel = channel_of(told["channel"])
        if not channel or len(channel) > LONGEST:
            raise ValueError(_("The channel is empty or has more than 60 characters."))
        if currency not in CODES:
            raise ValueError(_("“%(text)s” is no currency such as EUR.") % {"text": told["currency"][:20]})
        refused = self.refuses(currency, on)
        if refused:
            raise ValueError(refused)
        return (on, channel, currency), self._amount(told["amount"], currency)

    def _amount(self, text: str, currency: str) -> int:
        amount = micro(text, currency, self.decimal)
        if amount is None:
            raise ValueError(_("There is no amount. Write 0 or leave the row out."))
        if amount < 0:
            raise ValueError(
                _("“%(text)s” is below 0. Spend is written without a sign.") % {"text": text[:40]}
            )
        if amount > ABSURD * MICRO * 10 ** decimals(currency):
            raise ValueError(_("“%(text)s” is too much for one month. Check it.") % {"text": text[:40]})
        return amount
