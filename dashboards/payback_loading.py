"""What CAC payback is reckoned from, in one currency: spend, cohorts and channels of the last months."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from accounts.models import Organization
from metrics.exchange.converting import closing_day, scaled
from metrics.exchange.quotes import MissingRateError, Quotes
from metrics.exchange.storing import quotes_of
from metrics.payback import reading
from metrics.payback.models import PaybackSettings, SpendFile
from metrics.payback.reading import ByChannel, Held, Spent, Window
from metrics.payback.reckoning import Won
from metrics.payback.storing import NO_FILE
from metrics.periods import last_months
from metrics.queries import Shown

# The present month, and twelve before it.
MONTHS = 13
# A rate of 1 in the unit in which a margin is kept.
WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Began:
    """What a cohort held at the end of its first month in one currency, and how many began."""

    base: int
    joined: int


@dataclass(slots=True)
class Loaded:
    """Sums in their own currencies, and the rates that turn them into one; `missing` rates are named."""

    months: Sequence[date]
    to: str
    margin: Fraction | None
    today: date
    quotes: Quotes
    spent: Sequence[Spent]
    held: Sequence[Held]
    by_channel: Sequence[ByChannel]
    has_channels: bool
    missing: list[MissingRateError] = field(default_factory=list)

    def spent_in(self, month: date) -> list[tuple[str, int]]:
        """Return a month's spend by currency."""
        return _summed(one for one in self.spent if one.month == month)

    def spent_on(self, channel: str) -> list[tuple[str, int]]:
        """Return a channel's spend over the complete months, by currency."""
        return _summed(self._of(channel))

    def began(self, month: date) -> list[tuple[str, Began]]:
        """Return who began in a month, by currency."""
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.held:
            if one.cohort == month:
                found[one.currency][0] += one.net_micro if one.month == month else 0
                found[one.currency][1] += one.joined
        return [(code, Began(*sums)) for code, sums in sorted(found.items())]

    def won(self, month: date) -> Won | None:
        """Return a month's cohort in the one currency; None where a rate lacks."""
        try:
            told, began = self.spent_in(month), self.began(month)
            spend = sum((self._into(amount, code, month) for code, amount in told), Fraction(0))
            base = sum((self._into(one.base, code, month) for code, one in began), Fraction(0))
            held = self._held(month)
        except MissingRateError as error:
            self.missing.append(error)
            return None
        return Won(spend, base, sum(one.joined for _, one in began), held)

    def won_by(self, channel: str) -> Won | None:
        """Return all of a channel's cohorts as one; None where a rate lacks."""
        try:
            spend = sum(
                (self._into(one.amount_micro, one.currency, one.month) for one in self._of(channel)),
                Fraction(0),
            )
            mine = self.of_channel(channel)
            base = sum((self._into(one.base_micro, one.currency, one.month) for one in mine), Fraction(0))
        except MissingRateError:
            return None
        return Won(spend, base, sum(one.joined for one in mine))

    def channels(self) -> list[str]:
        """Return every channel that cost or won anything in the complete months."""
        present = self.months[-1]
        cost = {one.channel for one in self.spent if one.month < present}
        return sorted(cost | {one.channel for one in self.by_channel if one.month < present})

    def of_channel(self, channel: str) -> list[ByChannel]:
        """Return what a channel won in the complete months."""
        return [one for one in self.by_channel if one.channel == channel and one.month < self.months[-1]]

    def _of(self, channel: str) -> Iterable[Spent]:
        return (one for one in self.spent if one.channel == channel and one.month != self.months[-1])

    def _held(self, cohort: date) -> tuple[Fraction, ...]:
        """Return the cohort's MRR at each month's end since it began, at the rates of its first month."""
        changes: dict[date, Fraction] = defaultdict(Fraction)
        for one in self.held:
            if one.cohort == cohort:
                changes[one.month] += self._into(one.net_micro, one.currency, cohort)
        mrr, found = Fraction(0), []
        for month in self.months:
            if month >= cohort:
                mrr += changes[month]
                found.append(mrr)
        return tuple(found)

    def _into(self, amount: int, currency: str, month: date) -> Fraction:
        if currency == self.to:
            return Fraction(amount)
        return amount * scaled(self.quotes.rate(currency, self.to, closing_day(month, self.today)))


def _summed(rows: Iterable[Spent]) -> list[tuple[str, int]]:
    sums: dict[str, int] = defaultdict(int)
    for one in rows:
        sums[one.currency] += one.amount_micro
    return sorted(sums.items())


def load(
    organization: Organization, shown: Shown, settings: PaybackSettings, file: SpendFile | None
) -> Loaded:
    """Read what the page reckons from; amounts of other currencies are converted by closing rates."""
    months = last_months(shown.today, MONTHS)
    window = Window(organization.id, file.id if file else NO_FILE, months[0], months[-1])
    spent, (held, by_channel) = reading.spent(window), reading.won(window)
    codes, joined = {one.currency for one in spent}, Counter[str]()
    for one in held:
        joined[one.currency] += one.joined
    codes |= set(joined)
    to = organization.currency.lower() or max(joined, key=lambda code: (joined[code], code), default="")
    days = [closing_day(month, shown.today) for month in months]
    quotes = quotes_of(organization.id, [*codes, to], days) if codes - {to} else Quotes()
    margin = None if settings.margin is None else Fraction(settings.margin, WHOLE)
    return Loaded(
        months, to, margin, shown.today, quotes, spent, held, by_channel, bool(settings.channel_key)
    )
