"""The same figures by other means: month ends and days looked up in the stored segments and movements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from metrics.core.intervals import day_start
from metrics.models import Movement, Segment
from metrics.periods import month_of, shift
from tests.metrics.conftest import NOW

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """What one item counted from when to when."""

    key: Key
    plan: str
    interval: str
    start: int
    end: int
    mrr: int


class Known:
    """Everyone's MRR at any month's end, read from segments one by one."""

    def __init__(self, zone: str) -> None:
        self.zone, self.now = ZoneInfo(zone), int(NOW.timestamp())
        rows = Segment.objects.filter(mrr_micro__gt=0, from_at__lte=NOW)
        self.held = [self._held(row) for row in rows]
        self.began: dict[Key, date] = {}
        for one in Movement.objects.order_by("date"):
            self.began.setdefault((one.currency, one.customer_id), month_of(one.date))

    def _held(self, row: Any) -> Held:
        end = int(row.to_at.timestamp()) if row.to_at and row.to_at <= NOW else 2**60
        key = (row.currency, row.customer_id)
        return Held(key, row.price_id, row.interval, int(row.from_at.timestamp()), end, row.mrr_micro)

    def instant(self, month: date) -> int:
        """Return the last instant of a month, or now."""
        return min(day_start(shift(month, 1), self.zone) - 1, self.now)

    def balances(self, month: date, plan: str = "", interval: str = "") -> dict[Key, int]:
        """Return what everyone had at a month's end, of a plan or an interval."""
        at, found = self.instant(month), defaultdict[Key, int](int)
        for one in self.held:
            wanted = (not plan or one.plan == plan) and (not interval or one.interval == interval)
            if wanted and one.start <= at < one.end:
                found[one.key] += one.mrr
        return dict(found)

    def cell(self, cohort: date, month: date, currency: str, among: set[Key] | None = None) -> list[int]:
        """Return a cohort's MRR, MRR of its base and customers of its base at a month's end."""
        base, now = self.balances(cohort), self.balances(month)
        members = [
            key
            for key, began in self.began.items()
            if began == cohort and key[0] == currency and (among is None or key in among)
        ]
        kept = [min(base.get(key, 0), now.get(key, 0)) for key in members]
        return [sum(now.get(key, 0) for key in members), sum(kept), sum(one > 0 for one in kept)]
