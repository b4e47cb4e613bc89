"""Every month of an organization, as one statement found them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from metrics.flows import NOTHING, Balance, Month, gained
from metrics.periods import last_months

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Months:
    """The flows of each month by currency, as they stand on the organization's present local day."""

    today: date
    flows: Mapping[str, Mapping[date, Figures]]

    def currencies(self) -> list[str]:
        """Return every currency that ever had MRR, largest present MRR first."""
        mrr = {code: self._mrr(code) for code, found in self.flows.items() if min(found) <= self.today}
        return sorted(mrr, key=lambda code: (-mrr[code], code))

    def first(self, currency: str) -> date | None:
        """Return the month of the first movement in a currency, None where there is none."""
        return min(self.flows.get(currency, ()), default=None)

    def last(self, count: int, currency: str, *, until: date | None = None) -> list[Month]:
        """Return `count` months, oldest first, ending with the month of `until` (default: this month)."""
        wanted, balance = last_months(until or self.today, count), Balance()
        flows = self.flows.get(currency, {})
        for month, row in flows.items():
            if month < wanted[0]:
                balance.add(row)
        return [
            Month(month=month, currency=currency, **balance.step(flows.get(month, NOTHING)))
            for month in wanted
        ]

    def _mrr(self, currency: str) -> int:
        return sum(gained(flows) for month, flows in self.flows[currency].items() if month <= self.today)
