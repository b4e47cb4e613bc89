"""What narrows movements beyond days, currency and kind: plan, interval, size, reason, country, name."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from metrics.core.movements import Movement
from metrics.evidence.pages import fetched
from metrics.evidence.search import Payers, beginning_with
from metrics.evidence.wanted import Sum
from metrics.queries import Shown

INTERVAL = re.compile(r"(?:([1-9]\d{0,2})-)?(day|week|month|year)")
PRICES = """
SELECT stripe_id FROM billing_sync_price
WHERE organization_id = %(organization)s AND connection_id = ANY(%(accounts)s)
  AND interval = %(unit)s AND interval_count = %(times)s
"""
OF_INTERVAL = f"leg ->> 2 IN ({PRICES})"
OF_PLAN = "leg ->> 2 = %(plan)s"
AMOUNT = "(SELECT sum((leg ->> 4)::bigint) FROM jsonb_array_elements(legs) AS leg WHERE {leg})"
HAS_LEG = "EXISTS (SELECT FROM jsonb_array_elements(legs) AS leg WHERE {leg})"
REASON = """EXISTS (
    SELECT FROM unnest(reasons) AS code WHERE code = %(reason)s OR starts_with(code, %(reason)s || ':')
)"""
FROM_COUNTRY = """EXISTS (
    SELECT FROM metrics_customercountry AS home
    WHERE home.organization_id = %(organization)s AND home.connection_id = moved.connection_id
      AND home.customer_id = moved.customer_id AND home.country = %(country)s
)"""
NAMED = """(connection_id, customer_id) IN (
    SELECT one, name FROM unnest(%(found_accounts)s::uuid[], %(found)s::text[]) AS found (one, name)
)"""
AT_HOME = """
SELECT connection_id, customer_id FROM metrics_customercountry
WHERE organization_id = %(organization)s AND country = %(country)s
  AND connection_id = %(connection)s AND customer_id = ANY(%(customers)s)
"""


class Narrowed:
    """What a sum leaves out, in SQL and for movements that are netted anew."""

    def __init__(self, shown: Shown, wanted: Sum) -> None:
        self.shown, self.only, self.plan = shown, wanted.only, wanted.plan
        self.payers: Payers | None = beginning_with(shown, self.only.text) if self.only.text else None
        self._prices: frozenset[str] | None = None

    @property
    def parts(self) -> bool:
        """Say whether a movement counts by some of its legs alone."""
        return bool(self.plan or self.only.interval)

    def amount(self) -> str:
        """Return what SQL takes for a movement's amount."""
        if not self.parts:
            return "amount_micro"
        return AMOUNT.format(leg=self._leg())

    def within(self) -> str:
        """Return what SQL asks of a movement's own columns."""
        asked = []
        if self.parts:
            asked.append(HAS_LEG.format(leg=self._leg()))
        if self.only.reason:
            asked.append(REASON)
        if self.payers is not None:
            asked.append(NAMED)
        return "".join(f" AND {one}" for one in asked)

    def beyond(self) -> str:
        """Return what SQL asks of the amount that counts, and of the customer."""
        asked = ["true"]
        if self.only.least_micro is not None:
            asked.append("abs(moved.amount_micro) >= %(least)s")
        if self.only.most_micro is not None:
            asked.append("abs(moved.amount_micro) <= %(most)s")
        if self.only.country:
            asked.append(FROM_COUNTRY)
        return " AND ".join(asked)

    def bound(self) -> dict[str, Any]:
        """Return what those statements bind."""
        unit, times = self._interval()
        keys = sorted(self.payers.keys) if self.payers is not None else []
        return {
            "accounts": list(self.shown.connection_ids),
            "unit": unit,
            "times": times,
            "reason": self.only.reason,
            "country": self.only.country,
            "least": self.only.least_micro,
            "most": self.only.most_micro,
            "found_accounts": [one for one, _ in keys],
            "found": [name for _, name in keys],
        }

    def of_payers(self, connection_id: UUID, names: Iterable[str]) -> list[str]:
        """Return those of some customers who may be shown at all."""
        kept = list(names)
        if self.payers is not None:
            kept = [name for name in kept if (connection_id, name) in self.payers.keys]
        if self.only.country and kept:
            place = {"connection": connection_id, "customers": kept}
            rows = fetched(AT_HOME, self.bound() | place | {"organization": self.shown.organization_id})
            home = {name for _, name in rows}
            kept = [name for name in kept if name in home]
        return kept

    def counted(self, one: Movement) -> int | None:
        """Return what counts of a movement that was netted anew, None where it is left out."""
        amount = self._of_legs(one) if self.parts else one.amount_micro
        if amount is None or not self._fits(abs(amount)):
            return None
        asked = self.only.reason
        told = not asked or any(code == asked or code.startswith(f"{asked}:") for code in one.reasons)
        return amount if told else None

    def _fits(self, size: int) -> bool:
        least, most = self.only.least_micro, self.only.most_micro
        return (least is None or size >= least) and (most is None or size <= most)

    def _of_legs(self, one: Movement) -> int | None:
        legs = [leg.amount_micro for leg in one.legs if self._counts(leg.price)]
        return sum(legs) if legs else None

    def _counts(self, price: str) -> bool:
        return (not self.plan or price == self.plan) and (not self.only.interval or price in self._known())

    def _known(self) -> frozenset[str]:
        if self._prices is None:
            rows = fetched(PRICES, self.bound() | {"organization": self.shown.organization_id})
            self._prices = frozenset(name for (name,) in rows)
        return self._prices

    def _leg(self) -> str:
        return " AND ".join(
            [OF_PLAN] * bool(self.plan) + [OF_INTERVAL] * bool(self.only.interval),
        )

    def _interval(self) -> tuple[str, int]:
        found = INTERVAL.fullmatch(self.only.interval)
        return (found[2], int(found[1] or 1)) if found else ("", 0)
