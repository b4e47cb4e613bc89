"""Rates out of a file: rows of `date,base,quote,rate`, or the European Central Bank's reference rates."""

import csv
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from lzma import LZMAError
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.currencies import CODES
from metrics.exchange.quotes import PIVOT, Quote
from metrics.periods import parse_day

COLUMNS = ("date", "base", "quote", "rate")
DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
ABSENT = frozenset({"N/A", ""})
MOST_BYTES = 50_000_000
MOST_NAMED = 10
EARLIEST = date(1999, 1, 1)


class BadRatesError(ValueError):
    """Raised where a file holds anything but rates; the text names the lines."""


def read_rates(content: bytes, today: date, *, fetched: bool = False) -> list[Quote]:
    """Return a file's rates, the later line where two tell of one day; BadRatesError names what is wrong."""
    lines = lines_of(text_of(content))
    heading = [cell.strip() for cell in lines[0]] if lines else []
    if [cell.lower() for cell in heading] == list(COLUMNS):
        rows = _listed(lines, today)
    elif len(heading) > 1 and heading[0] == "Date" and all(re.fullmatch("[A-Z]{3}|", c) for c in heading[1:]):
        rows = _reference_rates(heading, lines, today, "ecb" if fetched else "ecb_file")
    else:
        raise BadRatesError(
            _(
                "Line 1 must read date,base,quote,rate, or be the first line of the European Central "
                "Bank's file: Date,USD,JPY and so on."
            )
        )
    found: dict[tuple[str, str, date], Quote] = {}
    wrong: list[str] = []
    for row in rows:
        if isinstance(row, str):
            wrong.append(row)
        else:
            found[row.base, row.quote, row.on] = row
    if wrong:
        raise BadRatesError(_summed_up(wrong))
    if not found:
        raise BadRatesError(_("The file holds no rate."))
    return list(found.values())


def lines_of(text: str) -> list[list[str]]:
    """Return the cells of each line."""
    reader = csv.reader(StringIO(text, newline=""))
    try:
        return list(reader)
    except csv.Error as error:
        raise BadRatesError(_at_line(reader.line_num, f"{error}.")) from None


def text_of(content: bytes) -> str:
    """Return a file's text; a ZIP archive is read where it holds one file, as the central bank's does."""
    if content.startswith(b"PK"):
        content = _unpacked(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRatesError(_("The file is not text in UTF-8. Save it as CSV in UTF-8.")) from None


def _unpacked(content: bytes) -> bytes:
    try:
        with ZipFile(BytesIO(content)) as archive:
            inside = archive.infolist()
            if len(inside) != 1 or inside[0].file_size > MOST_BYTES:
                raise BadRatesError(_("The archive must hold one CSV file of at most 50 MB."))
            with archive.open(inside[0]) as file:
                return file.read(MOST_BYTES)
    except BadRatesError:
        raise
    except (BadZipFile, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error):
        raise BadRatesError(_("The archive cannot be opened. Upload the CSV file in it.")) from None


def _listed(lines: Sequence[Sequence[str]], today: date) -> Iterator[Quote | str]:
    for number, line in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        try:
            if len(cells) != len(COLUMNS):
                raise ValueError(_("it must hold a date, a base, a quote and a rate."))
            on, base, quote = day_of(cells[0], today), code_of(cells[1]), code_of(cells[2])
            if base == quote:
                raise ValueError(_("base and quote are the same currency."))
            yield Quote(base, quote, on, rate_of(cells[3]), "csv")
        except ValueError as error:
            yield _at_line(number, str(error))


def _reference_rates(
    heading: Sequence[str], lines: Sequence[Sequence[str]], today: date, source: str
) -> Iterator[Quote | str]:
    """Read what one euro bought; currencies that are no longer in use are left out."""
    codes = [(at, cell.lower()) for at, cell in enumerate(heading) if at and cell.lower() in CODES]
    for number, line in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in line):
            continue
        try:
            on = day_of(line[0].strip(), today)
            if len(line) < len([cell for cell in heading if cell]):
                raise ValueError(_("it has fewer columns than the first line."))
            cells = [(code, line[at].strip()) for at, code in codes]
            yield from [
                Quote(PIVOT, code, on, rate_of(cell), source) for code, cell in cells if cell not in ABSENT
            ]
        except ValueError as error:
            yield _at_line(number, str(error))


def day_of(text: str, today: date) -> date:
    """Read the day of a rate, which cannot lie ahead."""
    on = parse_day(text)
    if not EARLIEST <= on <= today:
        raise ValueError(_("%(day)s lies ahead, or before the euro began in 1999.") % {"day": text})
    return on


def code_of(text: str) -> str:
    """Read a currency's code."""
    if text.lower() not in CODES:
        raise ValueError(_("%(code)s is not a currency. Write a code such as EUR.") % {"code": repr(text)})
    return text.lower()


def rate_of(text: str) -> Decimal:
    """Read an exact positive decimal."""
    if not DECIMAL.fullmatch(text) or not Decimal(text):
        raise ValueError(
            _("%(rate)s is not a rate. Write a number above 0 with a point, such as 1.0921.")
            % {"rate": repr(text)}
        )
    return Decimal(text)


def _at_line(number: int, text: str) -> str:
    return _("Line %(number)s: %(text)s") % {"number": number, "text": text}


def _summed_up(wrong: Sequence[str]) -> str:
    more = len(wrong) - MOST_NAMED
    told = wrong[:MOST_NAMED]
    if more > 0:
        left = ngettext("%(count)s more line is wrong.", "%(count)s more lines are wrong.", more)
        told = [*told, left % {"count": more}]
    return " ".join([*told, _("Nothing was stored.")])
