"""Months of several currencies as one waterfall in the reporting currency.

A month's movements are worth its opening rate, balances the closing rate, and what that leaves between
them is the row `currency`. A closing rate is that of the month's last local day, or of today; a month opens
with the closing rate of the month before. At constant rates one closing rate is that of every month.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from metrics.core.money import decimals
from metrics.exchange.quotes import MissingRateError, Quotes, Rate
from metrics.flows import Month
from metrics.months import Months
from metrics.periods import last_months, month_of, shift

MOVEMENTS = ("new_micro", "expansion_micro", "reactivation_micro", "contraction_micro", "churn_micro")
SIGNS = dict(zip(MOVEMENTS, (1, 1, 1, -1, -1), strict=True))
BALANCES = ("ending_micro", "contracted_micro", "committed_micro")
COUNTS = (
    "customers_start",
    "customers_new",
    "customers_expanded",
    "customers_reactivated",
    "customers_contracted",
    "customers_churned",
    "customers_end",
)


@dataclass(frozen=True, slots=True)
class Used:
    """The rates by which one currency's month was converted."""

    month: date
    opening: Rate | None
    closing: Rate | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """How amounts become amounts of the reporting currency; `constant` is the month whose rate is all's."""

    to: str
    quotes: Quotes
    today: date
    constant: date | None = None

    def closing(self, currency: str, month: date) -> Rate:
        """Return the rate of a month's balances; MissingRateError names the day and the pair."""
        return self.quotes.rate(currency, self.to, closing_day(self.constant or month, self.today))

    def opening(self, currency: str, month: date) -> Rate:
        """Return the rate of a month's movements: the closing rate of the month before."""
        return self.closing(currency, shift(month, -1))


@dataclass(frozen=True, slots=True)
class Reported:
    """The months of every currency in the reporting one."""

    months: Months
    exchange: Exchange

    def currencies(self) -> list[str]:
        """Return every currency that ever had MRR, largest present MRR first."""
        return self.months.currencies()

    def first(self, currency: str) -> date | None:
        """Return the month of the first movement in any currency."""
        return min((min(found) for found in self.months.flows.values()), default=None)

    def last(self, count: int, currency: str, *, until: date | None = None) -> list[Month]:
        """Return `count` months in the reporting currency, oldest first, ending with the month of `until`."""
        wanted = last_months(until or self.months.today, count)
        if self.exchange.constant:
            return self._at_constant_rates(wanted)
        return self._converted(wanted)

    def used(self, months: Sequence[date]) -> list[Used]:
        """Return the rates that the given months take, by month and currency; a constant rate once."""
        found = [rates_of(own, self.exchange) for own in self._by_month(months)]
        some = [one for one in found if one.opening or one.closing]
        if self.exchange.constant is None:
            return some
        rates = {rate.base: rate for one in some for rate in (one.opening, one.closing) if rate}
        return [Used(self.exchange.constant, None, rate) for _, rate in sorted(rates.items())]

    def missing(self, months: Sequence[date]) -> list[MissingRateError]:
        """Return which rates the given months would need and do not have, oldest first."""
        found: dict[tuple[date, str], MissingRateError] = {}
        for own in self._by_month(months):
            try:
                rates_of(own, self.exchange)
            except MissingRateError as error:
                found[error.day, error.base] = error
        return [found[key] for key in sorted(found)]

    def parts(self, month: date) -> list[Month]:
        """Return one month of every currency as it is before it is converted."""
        return self._by_month([month])

    def _by_month(self, months: Sequence[date]) -> list[Month]:
        parts = self._parts(months)
        return [own[at] for at in range(len(months)) for own in parts]

    def _converted(self, wanted: Sequence[date]) -> list[Month]:
        parts, exchange = self._parts(wanted), self.exchange
        return [converted(month, [own[at] for own in parts], exchange) for at, month in enumerate(wanted)]

    def _parts(self, wanted: Sequence[date]) -> list[list[Month]]:
        codes = sorted(code for code, flows in self.months.flows.items() if min(flows) <= wanted[-1])
        return [self.months.last(len(wanted), code, until=wanted[-1]) for code in codes]

    def _at_constant_rates(self, wanted: Sequence[date]) -> list[Month]:
        """Round each movement once and let balances be their sums: nothing is left for a row `currency`."""
        first = self.first(self.exchange.to) or wanted[-1]
        since = (wanted[-1].year - first.year) * 12 + wanted[-1].month - first.month + 1
        mrr, found = 0, []
        for one in self._converted(last_months(wanted[-1], max(len(wanted), since))):
            ending = mrr + sum(sign * getattr(one, name) for name, sign in SIGNS.items())
            found.append(replace(one, starting_micro=mrr, ending_micro=ending, currency_micro=0))
            mrr = ending
        return found[-len(wanted) :]


def closing_day(month: date, today: date) -> date:
    """Return the day whose rate closes a month: its last, or today in the month in progress."""
    return min(shift(month_of(month), 1) - timedelta(days=1), today)


def rates_of(own: Month, exchange: Exchange) -> Used:
    """Return the rates that one currency's month needs; a month without amounts needs none."""
    opens = own.starting_micro or any(getattr(own, name) for name in MOVEMENTS)
    closes = any(getattr(own, name) for name in BALANCES)
    foreign = own.currency != exchange.to
    return Used(
        own.month,
        exchange.opening(own.currency, own.month) if opens and foreign else None,
        exchange.closing(own.currency, own.month) if closes and foreign else None,
    )


def converted(month: date, parts: Sequence[Month], exchange: Exchange) -> Month:
    """Return one month of all currencies: every figure is summed exactly and rounded once.

    The row `currency` is what remains from start to end, so that the identity holds to the micro unit.
    """
    exact: dict[str, Fraction] = {name: Fraction(0) for name in ("starting_micro", *MOVEMENTS, *BALANCES)}
    for own in parts:
        used = rates_of(own, exchange)
        for rate, names in ((used.opening, ("starting_micro", *MOVEMENTS)), (used.closing, BALANCES)):
            factor = Fraction(1) if rate is None else scaled(rate)
            for name in names:
                exact[name] += factor * getattr(own, name)
    values = {name: round(amount) for name, amount in exact.items()}
    moved = sum(sign * values[name] for name, sign in SIGNS.items())
    values["currency_micro"] = values["ending_micro"] - values["starting_micro"] - moved
    values |= {name: sum(getattr(own, name) for own in parts) for name in COUNTS}
    return Month(month=month, currency=exchange.to, **values)


def scaled(rate: Rate) -> Fraction:
    """Return the factor from micro units of one minor unit to those of another: 1 JPY is no 0.01 EUR."""
    return rate.value * Fraction(10) ** (decimals(rate.to) - decimals(rate.base))


def shared(parts: Sequence[tuple[int, Rate | None]], whole: int) -> list[int]:
    """Return amounts converted and rounded so that they sum to the whole; the first takes what is over."""
    found = [round(amount * (scaled(rate) if rate else 1)) for amount, rate in parts]
    if found:
        found[0] += whole - sum(found)
    return found


def told(rates: Sequence[Used], *, constant: bool) -> dict[str, Any]:
    """Return the rates behind a converted month for JSON: exact fractions and the stored rates used."""
    return {"constant": constant, "rates": [_of_currency(used) for used in rates]}


def _of_currency(used: Used) -> dict[str, Any]:
    rates = {"opening": used.opening, "closing": used.closing}
    base = next(rate.base for rate in rates.values() if rate)
    return {"currency": base, **{name: rate and _rate(rate) for name, rate in rates.items()}}


def _rate(rate: Rate) -> dict[str, Any]:
    quotes = [f"{one.base}/{one.quote} {one.rate:f} {one.source}" for one in rate.quotes]
    return {"rate": str(rate.value), "on": rate.on.isoformat(), "quotes": quotes}
