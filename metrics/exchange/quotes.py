"""Which rate a day has: exact, dated, and traceable to the rates that were stored."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import ngettext

from config import dates

PIVOT = "eur"
OLDEST = 7


@dataclass(frozen=True, slots=True)
class Quote:
    """One stored rate: a unit of the base bought `rate` units of the quoted currency."""

    base: str
    quote: str
    on: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of `base` was worth in `to` by the rates of the day `on`, for the day `day`."""

    base: str
    to: str
    day: date
    on: date
    value: Fraction
    quotes: tuple[Quote, ...] = ()


class MissingRateError(LookupError):
    """Raised where no rate of a pair is dated on a day or in the week before it."""

    def __init__(self, base: str, to: str, day: date) -> None:
        super().__init__(base, to, day)
        self.base, self.to, self.day = base, to, day

    def __str__(self) -> str:
        words = {
            "base": self.base.upper(),
            "to": self.to.upper(),
            "day": dates.long_day(self.day),
            "days": OLDEST,
        }
        text = ngettext(
            "There is no exchange rate from %(base)s to %(to)s for %(day)s or the %(days)s day before it.",
            "There is no exchange rate from %(base)s to %(to)s for %(day)s or the %(days)s days before it.",
            OLDEST,
        )
        return text % words


@dataclass(frozen=True, slots=True)
class Quotes:
    """Stored rates by pair and day."""

    known: dict[tuple[str, str, date], Quote] = field(default_factory=dict)

    @classmethod
    def of(cls, quotes: Iterable[Quote]) -> "Quotes":
        """Return the quotes by pair and day."""
        return cls({(one.base, one.quote, one.on): one for one in quotes})

    def rate(self, base: str, to: str, day: date) -> Rate:
        """Return the latest rate dated on or before a day, at most a week; MissingRateError without one.

        Of one day's rates the pair itself goes first, then its reverse, then both legs through the euro.
        """
        if base == to:
            return Rate(base, to, day, day, Fraction(1))
        for on in days_back(day):
            found = self._direct(base, to, on) or self._crossed(base, to, on)
            if found:
                value, quotes = found
                return Rate(base, to, day, on, value, quotes)
        raise MissingRateError(base, to, day)

    def _direct(self, base: str, to: str, on: date) -> tuple[Fraction, tuple[Quote, ...]] | None:
        quote = self.known.get((base, to, on))
        if quote:
            return Fraction(quote.rate), (quote,)
        reverse = self.known.get((to, base, on))
        return (1 / Fraction(reverse.rate), (reverse,)) if reverse else None

    def _crossed(self, base: str, to: str, on: date) -> tuple[Fraction, tuple[Quote, ...]] | None:
        first, second = self._direct(base, PIVOT, on), self._direct(PIVOT, to, on)
        if first is None or second is None:
            return None
        return first[0] * second[0], first[1] + second[1]


def days_back(day: date) -> Iterator[date]:
    """Yield a day and the days before it whose rates still stand for it, latest first."""
    return (day - timedelta(days=back) for back in range(OLDEST + 1))
