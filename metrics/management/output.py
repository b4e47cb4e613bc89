"""What commands print: exact JSON and CSV, dates as people give them."""

import csv
import io
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import msgspec

from metrics import periods

# What makes spreadsheets compute a cell, also after the blanks that they skip.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_encode = msgspec.json.Encoder(decimal_format="number").encode


def json_text(value: Any) -> str:
    """Return indented JSON; decimals are written as numbers, digit by digit."""
    return msgspec.json.format(_encode(value), indent=2).decode()


def json_line(value: Any) -> str:
    """Return JSON on one line."""
    return _encode(value).decode()


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return CSV with a header line, without a final line break; no text in it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(neutral, row) for row in rows)
    return text.getvalue().removesuffix("\n")


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay as they are.

    An apostrophe before it, and before one that looks as if it had one: taking one away gives the text back.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip("'").startswith(FORMULAS) else cell


def argument(parse: Callable[[str], date]) -> Callable[[str], date]:
    """Return a parser for an argument, whose refusal argparse shows in full."""

    def parsed(text: str) -> date:
        try:
            return parse(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return parsed


month = argument(periods.parse_month)
day = argument(periods.parse_day)
