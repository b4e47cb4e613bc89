"""How exact numbers become text; the only place that rounds, and only for the eye."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from django.utils.formats import get_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from metrics.core.money import MICRO, decimals, major

SYMBOLS = {
    "aud": "A$",
    "brl": "R$",
    "cad": "CA$",
    "cny": "CN¥",
    "eur": "€",
    "gbp": "£",
    "hkd": "HK$",
    "inr": "₹",
    "jpy": "¥",
    "krw": "₩",
    "mxn": "MX$",
    "nzd": "NZ$",
    "usd": "$",
}
DASH = "–"
MINUS = "−"
NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount ready to be drawn: sign, whole units with the currency's mark, and the decimals apart."""

    sign: str
    whole: str
    fraction: str

    def __str__(self) -> str:
        return f"{self.sign}{self.whole}{self.fraction}"


def symbol(currency: str) -> str:
    """Return the currency's mark, or its code and a space: € or CHF ."""
    return SYMBOLS.get(currency, currency.upper() + NO_BREAK_SPACE)


def money(amount_micro: int | Fraction, currency: str, *, signed: bool = False) -> Money:
    """Format micro units in the currency's own decimals: 123_456_789_000 of eur is €1,234.57."""
    minor, places = _minor(round(amount_micro)), decimals(currency)
    whole, fraction = _digits(abs(minor), places)
    sign = MINUS if minor < 0 else "+" if signed and minor > 0 else ""
    return Money(sign, symbol(currency) + whole, fraction)


def _minor(amount_micro: int) -> int:
    """Round micro units to whole minor units, halves to the even one."""
    minor, rest = divmod(amount_micro, MICRO)
    return minor + (2 * rest + minor % 2 > MICRO)


def _digits(tail: int, places: int) -> tuple[str, str]:
    """Return the grouped whole and the decimals of a number that is given in its last places.

    They are what `number_format` makes, which a page of hundreds of amounts would wait for.
    """
    whole, rest = divmod(tail, 10**places)
    marks = _marks(get_language() or "")
    if marks is None:
        amount = Decimal(tail).scaleb(-places)
        digits = number_format(amount, places, use_l10n=True, force_grouping=True)
        return (digits[: -places - 1], digits[-places - 1 :]) if places else (digits, "")
    point, comma = marks
    return f"{whole:,}".replace(",", comma), f"{point}{rest:0{places}}" if places else ""


@cache
def _marks(language: str) -> tuple[str, str] | None:
    """Return a language's decimal point and its mark between thousands; None where it groups otherwise."""
    if get_format("NUMBER_GROUPING", language, use_l10n=True) != 3:
        return None
    names = ("DECIMAL_SEPARATOR", "THOUSAND_SEPARATOR")
    point, comma = (str(get_format(name, language, use_l10n=True)) for name in names)
    return point, comma


def plotted(amount_micro: int, currency: str) -> str:
    """Return the amount in major units as the plain decimal text that a chart reads."""
    return str(major(amount_micro, currency))


def percent(rate: Fraction | None, *, signed: bool = False) -> str:
    """Format a fraction as a percentage with one decimal; an undefined rate is a dash."""
    if rate is None:
        return DASH
    tenths = round(rate * 1000)
    sign = MINUS if tenths < 0 else "+" if signed and tenths > 0 else ""
    text = "".join(_digits(abs(tenths), 1))
    return _("%(sign)s%(number)s%%") % {"sign": sign, "number": text}
