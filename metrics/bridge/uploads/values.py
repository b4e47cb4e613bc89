"""Amounts and months as people and programs write them."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from metrics.core.money import decimals

LARGEST = 1 << 60
NOTHING = frozenset(["", "-", "–", "—", "n/a", "null", "none"])
MARKS = {"€": "eur", "£": "gbp", "₹": "inr", "₩": "krw"}
SPACES = re.compile(r"[\s'’]")
CODE = re.compile(r"(?<![a-z])[a-z]{3}(?![a-z])")
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2}(?:[ t].*)?)?")
COMPACT = re.compile(r"(\d{4})(\d{2})(?:\d{2})?")
MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{4})")
DAYS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?: .*)?")
NAMED = re.compile(r"([a-z]{3,9})\.?[ -](\d{4})|(\d{4})[ -]([a-z]{3,9})")


def micro(text: str, currency: str, decimal: str = ".", unit: str = "major") -> int | None:
    """Return an amount in micro units, None for an empty cell; ValueError says what is wrong."""
    plain = SPACES.sub("", text).lower()
    if plain in NOTHING:
        return None
    negative = plain.startswith("(") and plain.endswith(")")
    plain = _unmarked(plain.strip("()"), currency, text)
    if plain[:1] in "-−+":
        negative ^= plain[0] != "+"
        plain = plain[1:]
    grouping = re.escape("," if decimal == "." else ".")
    point = re.escape(decimal)
    shape = rf"(?:\d{{1,3}}(?:{grouping}\d{{2,3}})*{grouping}\d{{3}}|\d+)(?:{point}\d+)?"
    if not re.fullmatch(shape, plain, re.ASCII):
        raise ValueError(_("“%(text)s” is not an amount.") % {"text": text[:40]})
    number = Decimal(plain.replace("," if decimal == "." else ".", "").replace(decimal, "."))
    found = number.scaleb(6 if unit == "minor" else 6 + decimals(currency))
    if found != found.to_integral_value():
        raise ValueError(_("“%(text)s” has more decimals than can be counted.") % {"text": text[:40]})
    if found >= LARGEST:
        raise ValueError(_("“%(text)s” is too large.") % {"text": text[:40]})
    return -int(found) if negative else int(found)


def _unmarked(plain: str, currency: str, text: str) -> str:
    """Return an amount without its currency's mark or code; it must be the row's."""
    told = {MARKS[one] for one in plain if one in MARKS} | set(CODE.findall(plain))
    other = told - {currency}
    if other:
        words = {"text": text[:40], "other": min(other).upper(), "currency": currency.upper()}
        raise ValueError(_("“%(text)s” is in %(other)s, not in %(currency)s.") % words)
    without = CODE.sub("", plain)
    return "".join(one for one in without if unicodedata.category(one) != "Sc")


def decimal_mark(samples: Iterable[str]) -> str:
    """Guess which of comma and point begins the decimals; a point where nothing tells."""
    for text in samples:
        last = max(text.rfind(","), text.rfind("."))
        mark = text[last : last + 1]
        if last < 0:
            continue
        if "," in text and "." in text:
            return mark
        digits = sum(one.isdigit() for one in text[last:])
        if text.count(mark) == 1 and digits != 3:
            return mark
    return "."


def month(text: str, dates: str = "dmy") -> date:
    """Return the month that a cell or a header names; ValueError says how to write it."""
    plain = text.strip().lower()
    found = _numbers(plain, dates)
    if found is not None:
        year, number = found
        if 1 <= number <= 12 and 1970 <= year < 2200:
            return date(year, number, 1)
    raise ValueError(
        _("“%(text)s” is no month or day. Write it as 2026-10 or 2026-10-31.") % {"text": text[:40]}
    )


def _numbers(plain: str, dates: str) -> tuple[int, int] | None:
    if not plain.isascii():
        return None
    if match := YEAR_FIRST.fullmatch(plain) or COMPACT.fullmatch(plain):
        return int(match[1]), int(match[2])
    if match := MONTH_FIRST.fullmatch(plain):
        return int(match[2]), int(match[1])
    if match := DAYS.fullmatch(plain):
        return int(match[3]), int(match[2] if dates == "dmy" else match[1])
    match = NAMED.fullmatch(plain)
    name = (match[1] or match[4])[:3] if match else ""
    if match and name in NAMES:
        return int(match[2] or match[3]), NAMES.index(name) + 1
    return None


def is_month(text: str) -> bool:
    """Say whether a header names a month."""
    try:
        month(text)
    except ValueError:
        return False
    return True


def date_order(samples: Iterable[str]) -> str:
    """Guess whether days or months come first; days where nothing tells."""
    for text in samples:
        match = DAYS.fullmatch(text.strip())
        if match and int(match[2]) > 12:
            return "mdy"
    return "dmy"
