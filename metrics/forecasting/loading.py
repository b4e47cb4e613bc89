"""The complete months that a forecast looks back on, as one statement found them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from metrics.core.forecast import (
    CUSTOMERS_NEEDED,
    LOOKS_BACK,
    MONTHS_SEEN,
    LookBack,
    lacks_months,
    look_back,
)
from metrics.core.rates import Waterfall
from metrics.flows import Month
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import month_of, shift

# As many as the longest look back asks for.
KEPT = MONTHS_SEEN + max(LOOKS_BACK)


@dataclass(frozen=True, slots=True)
class History:
    """One currency's complete months, oldest first; the present month is not one of them."""

    months: Sequence[Month]

    @property
    def flows(self) -> list[Waterfall]:
        """Return the months as the core reads them."""
        return [waterfall(month) for month in self.months]

    @property
    def seen(self) -> Sequence[Month]:
        """Return the months that are averaged."""
        return self.months[-MONTHS_SEEN:]

    @property
    def complete(self) -> int:
        """Count the last months in a row that started with any MRR."""
        empty = [at for at, month in enumerate(self.months) if month.starting_micro <= 0]
        return len(self.months) - (empty[-1] + 1 if empty else 0)

    @property
    def customers(self) -> int:
        """Return how many customers the last month ended with."""
        return self.months[-1].customers_end if self.months else 0

    @property
    def lacks_months(self) -> bool:
        """Say whether the months are too few to average."""
        return lacks_months(self.flows)

    @property
    def lacks_customers(self) -> bool:
        """Say whether a single customer would make or break the rates."""
        return self.customers < CUSTOMERS_NEEDED

    def looks_back(self) -> dict[int, LookBack | None]:
        """Return what forecasts made some months ago would have said, None where history is too short."""
        return {months: look_back(self.flows, months) for months in LOOKS_BACK}


def history(months: Months, currency: str) -> History:
    """Return the complete months of a currency since it had any MRR, as far as they are of use."""
    last, first = shift(month_of(months.today), -1), months.first(currency)
    since = 0 if first is None else _between(first, last) + 1
    return History(months.last(min(since, KEPT), currency, until=last) if since > 0 else [])


def _between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month
