"""Cohorts as they were counted last: their changes, and pages of the customers of a cell."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from metrics.cohorts.table import Change
from metrics.evidence.pages import PAGE, fetched
from metrics.queries import Shown

DIMENSIONS = ("month", "plan", "country")
# Of plans and countries, those that most customers began with.
MOST = 12
# No plan or country is called so.
EVERYONE = "~everyone"
ONE = """
SELECT value, cohort, month, net_micro, gross_micro, customers, joined FROM metrics_cohortchange
WHERE organization_id = %(organization)s AND currency = %(currency)s AND dimension = %(dimension)s
  AND value = %(value)s
ORDER BY cohort, month
"""
ALL = ONE.replace("AND value = %(value)s", "")
# All that is beyond the months shown is told as one, in the first of them.
CLIPPED = "least(month, (cohort + make_interval(months => %(ages)s))::date)"
VALUES = f"""
WITH known AS MATERIALIZED (
    SELECT value FROM metrics_cohortchange
    WHERE organization_id = %(organization)s AND currency = %(currency)s AND dimension = %(dimension)s
    GROUP BY value ORDER BY sum(joined) DESC, value LIMIT {MOST}
)
SELECT value, cohort, {CLIPPED}, sum(net_micro), sum(gross_micro), sum(customers)::bigint, sum(joined)::bigint
FROM metrics_cohortchange JOIN known USING (value)
WHERE organization_id = %(organization)s AND currency = %(currency)s AND dimension = %(dimension)s
GROUP BY 1, 2, 3
UNION ALL
SELECT %(everyone)s, cohort, month, net_micro, gross_micro, customers, joined FROM metrics_cohortchange
WHERE organization_id = %(organization)s AND currency = %(currency)s AND dimension = 'month' AND value = ''
"""  # noqa: S608 - constants of this module
# What a customer holds at a month's end is told by the last movement before it.
MEMBERS = """
SELECT page.connection_id, page.customer_id, page.month, page.base_micro, page.held_micro,
    coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
FROM (
    SELECT member.connection_id, member.customer_id, member.month, member.base_micro,
        coalesce(held.after_micro, 0) AS held_micro
    FROM metrics_cohortmember AS member
    LEFT JOIN LATERAL (
        SELECT after_micro FROM metrics_movement AS moved
        WHERE moved.organization_id = %(organization)s AND moved.definition_version = %(version)s
          AND moved.build = %(build)s AND moved.connection_id = member.connection_id
          AND moved.customer_id = member.customer_id AND moved.currency = %(currency)s
          AND moved.date < (member.month + make_interval(months => %(age)s + 1))::date
        ORDER BY moved.date DESC LIMIT 1
    ) AS held ON true
    WHERE member.organization_id = %(organization)s AND member.currency = %(currency)s
      AND member.month >= %(first)s AND member.month <= %(last)s {only} {beyond} AND {counts}
    ORDER BY member.connection_id, member.customer_id LIMIT %(limit)s
) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY page.connection_id, page.customer_id
"""
BEYOND = "AND (member.connection_id, member.customer_id) > (%(connection)s, %(customer)s)"
COUNTS = {
    "net": "held.after_micro <> 0",
    "gross": "held.after_micro > 0 AND member.base_micro > 0",
    "customers": "held.after_micro > 0 AND member.base_micro > 0",
    "joined": "true",
}
Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which customers: of a plan or country or of all, who began in `[first, last]`, at an age in months."""

    currency: str
    dimension: str
    value: str | None
    first: date
    last: date
    age: int
    measure: str


@dataclass(frozen=True, slots=True)
class Member:
    """One customer of a cell: when it began, its base, and what it holds at the cell's month end."""

    connection_id: UUID
    customer_id: str
    month: date
    base_micro: int
    held_micro: int
    name: str

    def amount_micro(self, measure: str) -> int:
        """Return what the customer adds to a cell; of what is held against the base never more than that."""
        return self.held_micro if measure in ("net", "joined") else min(self.held_micro, self.base_micro)


def of_value(shown: Shown, currency: str, dimension: str, value: str) -> list[Change]:
    """Return the changes of a plan or a country; of everyone by month, whose value is empty."""
    bound = {"organization": shown.organization_id, "currency": currency}
    return _changes(ONE, bound | {"dimension": dimension, "value": value})


def all_of(shown: Shown, currency: str, dimension: str) -> list[Change]:
    """Return every change of a dimension."""
    bound = {"organization": shown.organization_id, "currency": currency, "dimension": dimension}
    return _changes(ALL, bound)


def largest(shown: Shown, currency: str, dimension: str, ages: int) -> list[Change]:
    """Return the changes of the plans or countries that most began with, and those of EVERYONE.

    What lies beyond as many ages counts in the first of them.
    """
    bound = {"organization": shown.organization_id, "currency": currency, "dimension": dimension}
    return _changes(VALUES, bound | {"ages": ages, "everyone": EVERYONE})


def _changes(statement: str, bound: dict[str, Any]) -> list[Change]:
    return [Change(*row[:3], *map(int, row[3:])) for row in fetched(statement, bound)]


def members(shown: Shown, chosen: Chosen, after: Key | None = None) -> list[Member]:
    """Return a page of a cell's customers and one more, in the order of their ids."""
    only = "" if chosen.value is None else f"AND member.{chosen.dimension} = %(value)s"
    bound: dict[str, Any] = {
        "organization": shown.organization_id,
        "version": shown.freshness.definition_version,
        "build": shown.build,
        "currency": chosen.currency,
        "first": chosen.first,
        "last": chosen.last,
        "age": chosen.age,
        "value": chosen.value,
        "limit": PAGE + 1,
    }
    if after:
        bound |= {"connection": after[0], "customer": after[1]}
    statement = MEMBERS.format(only=only, beyond=BEYOND if after else "", counts=COUNTS[chosen.measure])
    return [Member(*row) for row in fetched(statement, bound)]
