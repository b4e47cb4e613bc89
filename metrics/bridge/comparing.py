"""What one build's data come to under each tool's rules, computed once and kept with the build."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from metrics import queries
from metrics.bridge import standing
from metrics.bridge.models import ComparedAmount, Comparison
from metrics.bridge.variants import variants
from metrics.bridge.vendors import VENDORS
from metrics.bridge.walk import Walked, Walker, walked
from metrics.build.load import Loader
from metrics.build.rows import Row, Table
from metrics.build.write import Build, insert
from metrics.core.definition import Definition
from metrics.core.intervals import day_start
from metrics.periods import parse_month, shift
from metrics.queries import Shown

logger = logging.getLogger(__name__)

# Up to so many items that hold at the instant, four tools answer within a request: see docs/bridge.md.
AT_ONCE = 2_000
TABLE = Table(
    "metrics_comparedamount",
    {
        "subject": "text",
        "month": "day",
        "currency": "text",
        "rule": "text",
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "ours_micro": "bigint",
        "theirs_micro": "bigint",
    },
    ("subject", "month", "currency", "rule", "connection_id", "customer_id", "subscription_id"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A month of the build on show in one currency, and the instant just before which it is looked at."""

    organization_id: UUID
    month: date
    currency: str
    definition: Definition
    build: int
    connection_ids: tuple[UUID, ...]
    computed_at: datetime
    at: int

    @property
    def name(self) -> str:
        """Return the key of the job that compares here."""
        return f"{self.month:%Y-%m} {self.currency}"

    def key(self) -> dict[str, Any]:
        """Return the columns that a kept comparison of the place has in common."""
        return {
            "organization_id": self.organization_id,
            "definition_version": self.definition.version,
            "build": self.build,
            "month": self.month,
            "currency": self.currency,
        }


def place(shown: Shown, month: date, currency: str) -> Place | None:
    """Return a month's end, or now in a month that has not ended; None for one to come or no build."""
    computed_at = shown.freshness.computed_at
    if shown.build is None or computed_at is None:
        return None
    # What began in the present second has begun: just before the next one is now.
    now = int(computed_at.timestamp()) + 1
    if day_start(month, shown.zone) > now:
        return None
    return Place(
        shown.organization_id,
        month,
        currency,
        shown.definition,
        shown.build,
        shown.connection_ids,
        computed_at,
        min(day_start(shift(month, 1), shown.zone), now),
    )


def compare_named(organization_id: UUID, key: str) -> None:
    """Compute what a job's key names: a month and a currency, as `2026-10 eur`."""
    month, currency = key.split()
    where = place(queries.shown(organization_id), parse_month(month), currency)
    if where is not None:
        compare(where)


@dataclass(slots=True)
class Sums:
    """The total of each tool in the making, and the rows below it."""

    ours_micro: int = 0
    theirs: Counter[str] = field(default_factory=Counter)
    amounts: Counter[tuple[str, str]] = field(default_factory=Counter)
    subscriptions: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: list[Row] = field(default_factory=list)

    def add(self, where: Place, connection_id: UUID, customer_id: str, one: Walked) -> None:
        """Count one customer."""
        self.ours_micro += one.ours_micro
        self.theirs.update(one.theirs_micro)
        for step in one.moved:
            self.amounts[step.tool, step.rule] += step.after_micro - step.before_micro
            self.subscriptions[step.tool, step.rule] += 1
            place_of = (step.tool, where.month, where.currency, step.rule)
            who = (connection_id, customer_id, step.subscription)
            self.rows.append((*place_of, *who, step.before_micro, step.after_micro))

    def result(self, tool: str, steps: Iterable[str]) -> dict[str, Any]:
        """Return a tool's total and its walk as it is kept."""
        return {
            "ours_micro": self.ours_micro,
            "theirs_micro": self.theirs[tool],
            "steps": {
                rule: {
                    "amount_micro": self.amounts[tool, rule],
                    "subscriptions": self.subscriptions[tool, rule],
                }
                for rule in steps
            },
        }


def kept(where: Place, subjects: Sequence[str]) -> dict[str, Comparison]:
    """Return the comparisons of the place that are stored, whether or not data have come in since."""
    found = Comparison.objects.filter(**where.key(), subject__in=subjects)
    return {one.subject: one for one in found}


def current(where: Place, found: Mapping[str, Comparison], subjects: Sequence[str]) -> bool:
    """Say whether stored comparisons tell of the numbers as they stand."""
    return all(name in found and found[name].computed_at == where.computed_at for name in subjects)


def is_small(where: Place) -> bool:
    """Say whether a request may wait for the comparison."""
    return standing.count(where.organization_id, where.currency, where.at, AT_ONCE + 1) <= AT_ONCE


def compare(where: Place) -> None:
    """Compute the four tools on the place's data and keep them with the build."""
    tools = {name: variants(rules, where.definition) for name, rules in VENDORS.items()}
    sums = Sums()
    for connection_id, customer_id, walker in walkers(where):
        try:
            one = walked(walker, where.definition, tools)
        except Exception:
            # The build counts such a customer as nothing and lists it: so does the walk.
            logger.exception("Customer %s could not be compared.", customer_id)
            continue
        sums.add(where, connection_id, customer_id, one)
    results = {name: sums.result(name, [rule.name for rule in tools[name]]) for name in VENDORS}
    keep(where, results, sums.rows)


def walkers(where: Place) -> Iterator[tuple[UUID, str, Walker]]:
    """Yield every payer who has something in the currency at the instant."""
    for connection_id in where.connection_ids:
        loader = Loader(where.organization_id, connection_id)
        for found in standing.holding(where.organization_id, loader, where.currency, where.at):
            catalogue = loader.shelf.catalogue()
            for customer_id, past in found.items():
                yield connection_id, customer_id, Walker(past, catalogue, where.currency, where.at)


def keep(where: Place, results: Mapping[str, dict[str, Any]], found: Sequence[Row]) -> None:
    """Store comparisons in place of those there are, whoever else does the same."""
    name = f"metrics.bridge {where.organization_id} {where.name}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    drop(where, list(results))
    Comparison.objects.bulk_create(
        Comparison(**where.key(), subject=subject, result=result, computed_at=where.computed_at)
        for subject, result in results.items()
    )
    insert(TABLE, Build(where.organization_id, where.definition.version, where.build), found)


def drop(where: Place, subjects: Sequence[str]) -> None:
    """Delete the comparisons of the place, and what the subjects were compared with in other builds."""
    mine = Q(organization_id=where.organization_id, subject__in=subjects)
    same = Q(definition_version=where.definition.version, build=where.build)
    stale = mine & (~same | Q(month=where.month, currency=where.currency))
    ComparedAmount.objects.filter(stale).delete()
    Comparison.objects.filter(stale).delete()
