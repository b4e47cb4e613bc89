"""How exact numbers become text in the reader's locale; the only place that rounds, and only for the eye."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol, get_decimal_symbol, get_group_symbol

from config.locales import current
from metrics.core.money import MICRO, decimals

DASH = "–"
MINUS = "−"
NO_BREAK_SPACE = "\u00a0"
SIGNS = {-1: MINUS, 0: "", 1: "+"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount ready to be drawn: sign and mark, whole units, the decimals apart, a mark that follows."""

    before: str
    whole: str
    fraction: str
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.whole}{self.fraction}{self.after}"


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a locale writes around digits, by the sign of a number, and between them."""

    before: dict[int, str]
    after: dict[int, str]
    point: str
    comma: str
    groups: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Writer:
    """Amounts of one currency, and rates, as a locale writes them: found once for the hundreds of a page."""

    amounts: _Pattern
    rates: _Pattern
    places: int

    def money(self, amount_micro: int, *, signed: bool = False) -> Money:
        """Format micro units in the currency's own decimals."""
        return _money(_minor(amount_micro), self.places, self.amounts, signed)

    def text(self, amount_micro: int, *, signed: bool = False) -> str:
        """Format micro units in the currency's own decimals, in one piece."""
        return _plain(_minor(amount_micro), self.places, self.amounts, signed)

    def plotted(self, amount_micro: int) -> str:
        """Return the amount in major units as the plain decimal text that a chart reads."""
        minor = _minor(amount_micro)
        whole, rest = divmod(abs(minor), 10**self.places)
        sign = "-" if minor < 0 else ""
        return f"{sign}{whole}.{rest:0{self.places}}" if self.places else f"{sign}{whole}"

    def percent(self, rate: Fraction | None, *, signed: bool = False) -> str:
        """Format a fraction as a percentage with one decimal; an undefined rate is a dash."""
        return DASH if rate is None else self.per_mille(per_mille(rate), signed=signed)

    def per_mille(self, thousandths: int, *, signed: bool = False) -> str:
        """Format whole thousandths as a percentage with one decimal."""
        return _plain(thousandths, 1, self.rates, signed)


def writer(currency: str) -> Writer:
    """Return how the reader's locale writes a currency."""
    return _writer(current(), currency)


@cache
def _writer(locale: Locale, currency: str) -> Writer:
    return Writer(_money_pattern(locale, currency), _percent_pattern(locale), decimals(currency))


def money(amount_micro: int | Fraction, currency: str, *, signed: bool = False) -> Money:
    """Format micro units in the currency's own decimals: 123_456_789_000 of eur is €1,234.57."""
    return writer(currency).money(round(amount_micro), signed=signed)


def written(tail: int, places: int, currency: str, *, signed: bool = False) -> Money:
    """Format an amount of a currency that is given in its last decimal place: 123450, 3 is €123.450."""
    return _money(tail, places, _money_pattern(current(), currency), signed)


def number(value: int | Fraction, places: int = 0, *, signed: bool = False) -> str:
    """Format a number with as many decimals, halves to the even one: 1,234 or 1,234.5."""
    return _plain(round(value * 10**places), places, _number_pattern(current()), signed)


def percent(rate: Fraction | None, places: int = 1, *, signed: bool = False) -> str:
    """Format a fraction as a percentage with so many decimals; an undefined rate is a dash."""
    if rate is None:
        return DASH
    return _plain(_rounded(rate, 10 ** (places + 2)), places, _percent_pattern(current()), signed)


def points(rate: Fraction | None, *, signed: bool = False) -> str:
    """Format a fraction as percentage points, without the mark of percents."""
    return DASH if rate is None else number(rate * 100, 1, signed=signed)


def plotted(amount_micro: int, currency: str) -> str:
    """Return the amount in major units as the plain decimal text that a chart reads."""
    return writer(currency).plotted(amount_micro)


def per_mille(rate: Fraction) -> int:
    """Round a fraction to whole thousandths, halves to the even one."""
    return _rounded(rate, 1_000)


def share(part: int, whole: int) -> int | None:
    """Return a part of a whole in thousandths, halves to the even one; undefined over nothing."""
    sign = -1 if whole < 0 else 1
    return _halves_to_even(sign * part * 1_000, sign * whole) if whole else None


def _rounded(value: int | Fraction, times: int) -> int:
    """Multiply and round, halves to the even one, without the detour by the greatest common divisor."""
    return _halves_to_even(value.numerator * times, value.denominator)


def _minor(amount_micro: int) -> int:
    """Round micro units to whole minor units, halves to the even one."""
    return _halves_to_even(amount_micro, MICRO)


def _halves_to_even(value: int, divisor: int) -> int:
    """Divide by a number above 0 and round."""
    whole, rest = divmod(value, divisor)
    return whole + (2 * rest + whole % 2 > divisor)


def _sign(value: int, signed: bool) -> int:
    return -1 if value < 0 else int(signed and value > 0)


def _money(tail: int, places: int, pattern: _Pattern, signed: bool) -> Money:
    sign = _sign(tail, signed)
    whole, fraction = _digits(abs(tail), places, pattern)
    return Money(pattern.before[sign], whole, fraction, pattern.after[sign])


def _plain(tail: int, places: int, pattern: _Pattern, signed: bool) -> str:
    sign = _sign(tail, signed)
    whole, fraction = _digits(abs(tail), places, pattern)
    return f"{pattern.before[sign]}{whole}{fraction}{pattern.after[sign]}"


def _digits(tail: int, places: int, pattern: _Pattern) -> tuple[str, str]:
    """Return the grouped whole and the decimals of a number that is given in its last places.

    They are what Babel makes, which a page of hundreds of amounts would wait for.
    """
    whole, rest = divmod(tail, 10**places)
    last, further = pattern.groups
    if last == further == 3:
        text = f"{whole:,}".replace(",", pattern.comma)
    else:
        text = pattern.comma.join(_grouped(str(whole), last, further))
    return text, f"{pattern.point}{rest:0{places}}" if places else ""


def _grouped(digits: str, last: int, further: int) -> list[str]:
    head, tail = digits[:-last], digits[-last:]
    found = [tail]
    while head:
        found.insert(0, head[-further:])
        head = head[:-further]
    return found


@cache
def _money_pattern(locale: Locale, currency: str) -> _Pattern:
    mark = get_currency_symbol(currency.upper(), locale)
    return _pattern(locale.currency_formats["standard"], locale, mark)


@cache
def _number_pattern(locale: Locale) -> _Pattern:
    return _pattern(locale.decimal_formats[None], locale)


@cache
def _percent_pattern(locale: Locale) -> _Pattern:
    return _pattern(locale.percent_formats[None], locale)


def _pattern(format: NumberPattern, locale: Locale, mark: str = "") -> _Pattern:
    plain, negative = zip(format.prefix, format.suffix, strict=True)

    def around(side: int, sign: int) -> str:
        text = negative[side] if sign else plain[side]
        # A mark in letters stands apart from the digits that touch it.
        left = NO_BREAK_SPACE if side and text.startswith("¤") and mark[0].isalpha() else ""
        right = NO_BREAK_SPACE if not side and text.endswith("¤") and mark[-1].isalpha() else ""
        return text.replace("-", SIGNS[sign]).replace("¤", f"{left}{mark}{right}")

    return _Pattern(
        {sign: around(0, sign) for sign in SIGNS},
        {sign: around(1, sign) for sign in SIGNS},
        get_decimal_symbol(locale),
        get_group_symbol(locale),
        format.grouping,
    )
