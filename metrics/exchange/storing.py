"""Rates in and out of the organization's table; every function runs inside its tenant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Max, Min

from metrics.build.exchange import write_rates
from metrics.exchange.converting import Exchange, Reported, closing_day
from metrics.exchange.models import ExchangeRate
from metrics.exchange.quotes import PIVOT, MissingRateError, Quote, Quotes, days_back
from metrics.months import Months
from metrics.periods import last_months


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of one pair."""

    base: str
    quote: str
    first: date
    last: date
    days: int


def store(organization_id: UUID, quotes: Iterable[Quote]) -> int:
    """Store rates, all or none, in place of those of the same days; return how many are new or differ."""
    return write_rates(
        organization_id, [(q.base, q.quote, q.on, f"{q.rate.normalize():f}", q.source) for q in quotes]
    )


def stored(organization_id: UUID) -> list[Stored]:
    """Return every pair with its first and last day."""
    rows = ExchangeRate.objects.filter(organization_id=organization_id).values("base", "quote")
    summed = rows.annotate(first=Min("on"), last=Max("on"), days=Count("on")).order_by("base", "quote")
    return [Stored(row["base"], row["quote"], row["first"], row["last"], row["days"]) for row in summed]


def quotes_of(organization_id: UUID, codes: Iterable[str], days: Iterable[date]) -> Quotes:
    """Return the rates among some currencies and the euro that could stand for the days."""
    wanted = {*codes, PIVOT}
    rows = ExchangeRate.objects.filter(
        organization_id=organization_id,
        base__in=wanted,
        quote__in=wanted,
        on__in={on for day in days for on in days_back(day)},
    )
    found = rows.values_list("base", "quote", "on", "rate", "source")
    return Quotes.of(Quote(base, quote, on, Decimal(rate), source) for base, quote, on, rate, source in found)


def reported(
    organization_id: UUID, months: Months, to: str, wanted: Sequence[date], *, constant: bool = False
) -> Reported:
    """Return the months in a reporting currency, with the rates that some of them take.

    At constant rates the last of the wanted months lends its closing rate to all.
    """
    closed = wanted[-1:] if constant else [*last_months(wanted[0], 2), *wanted]
    days = [closing_day(month, months.today) for month in closed]
    quotes = quotes_of(organization_id, [*months.flows, to], days)
    return Reported(months, Exchange(to, quotes, months.today, wanted[-1] if constant else None))


def missing(organization_id: UUID, months: Months, to: str) -> list[MissingRateError]:
    """Return which rates the whole history would need in a currency and does not have, oldest first."""
    first = min((min(flows) for flows in months.flows.values()), default=months.today)
    present = months.today.replace(day=1)
    count = (present.year - first.year) * 12 + present.month - first.month + 1
    wanted = last_months(present, max(count, 1))
    return reported(organization_id, months, to, wanted).missing(wanted)
