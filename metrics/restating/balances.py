"""What each customer was in one month: all that a month's figures are made of, customer by customer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from metrics.build import rows
from metrics.build.load import fetch
from metrics.build.stored import valued_customers
from metrics.build.write import Build, Scope, bring, execute, insert, quoted, statements
from metrics.core.definition import Definition
from metrics.core.intervals import day_start
from metrics.periods import shift
from metrics.restating.models import ClosedBalance

AT_ONCE = 5_000
Key = tuple[str, UUID, str]
Facts = dict[str, Any]
CLOSED = rows.Table(
    "metrics_closedbalance",
    {
        "month": "day",
        "currency": "text",
        "connection_id": "uuid",
        "customer_id": "text",
        "starting_micro": "bigint",
        "ending_micro": "bigint",
        "facts": "document",
        "restated": "document",
    },
    ("month", "currency", "connection_id", "customer_id"),
    built=False,
)
WITHIN = (
    "SELECT currency, connection_id, customer_id, subscription_id, extract(epoch FROM from_at)::bigint, "
    "extract(epoch FROM to_at)::bigint, mrr_micro, committed_micro, contracted FROM metrics_segment AS old "
    "WHERE organization_id = %s AND definition_version = %s AND build = %s "
    "AND from_at < to_timestamp(%s) AND (to_at IS NULL OR to_at >= to_timestamp(%s)) "
    "AND (mrr_micro <> 0 OR committed_micro <> 0) AND {condition}"
)
EARLIER = (
    "SELECT DISTINCT currency, connection_id, customer_id FROM metrics_segment "
    "WHERE organization_id = %s AND definition_version = %s AND build = %s "
    "AND connection_id = %s AND customer_id = ANY(%s) AND from_at < to_timestamp(%s) AND mrr_micro > 0"
)
HELD = (
    "SELECT currency, connection_id, customer_id, COALESCE(restated, facts) "
    "FROM metrics_closedbalance AS old "
    "WHERE organization_id = %s AND month = %s AND {condition}"
)
RESTATE = (
    "INSERT INTO metrics_closedbalance (organization_id, {names}) SELECT %s, {names} "
    "FROM incoming_metrics_closedbalance ON CONFLICT (organization_id, {key}) "
    "DO UPDATE SET restated = NULLIF(excluded.restated, metrics_closedbalance.facts)"
)


@dataclass(slots=True)
class _Sums:
    subscriptions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    steps: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    contracted: int = 0
    committed: int = 0


def scopes(build: Build, connection_ids: Iterable[UUID]) -> Iterator[Scope]:
    """Yield ranges that hold every payer of a build's accounts, few enough at a time to be held in memory."""
    for connection_id in connection_ids:
        after: str | None = ""
        while after is not None:
            names = valued_customers(build, connection_id, after, AT_ONCE)
            # The last range has no upper bound: payers who vanished from the build are in it.
            last = names[-1] if len(names) == AT_ONCE else None
            yield Scope(connection_id, after=after, last=last)
            after = last


def balances(build: Build, definition: Definition, month: date, scope: Scope) -> dict[Key, Facts]:
    """Return by currency and customer what a build says of a month that has ended; nothing is left out.

    `subscriptions` are each one's MRR before the month and at its end, `steps` what moved them between.
    """
    start, end = (day_start(each, ZoneInfo(definition.time_zone)) for each in (month, shift(month, 1)))
    lead = (build.organization_id, build.definition_version, build.number)
    within = WITHIN.format(condition=scope.condition())
    sums: dict[Key, _Sums] = defaultdict(_Sums)
    for currency, connection_id, name, *segment in fetch(within, (*lead, end, start, *scope.values())):
        _add(sums[currency, connection_id, name], segment, start, end)
    beginning = [key for key, one in sums.items() if not _total(one, 0) and any(one.steps.values())]
    names = [key[2] for key in beginning]
    earlier = set(fetch(EARLIER, (*lead, scope.connection_id, names, start))) if beginning else set()
    return {key: facts for key, one in sums.items() if (facts := _facts(one, key in earlier))}


def of_month(organization_id: UUID, month: date, scope: Scope) -> dict[Key, Facts]:
    """Return what is held of some payers' closed month, as it was last restated."""
    rows = fetch(HELD.format(condition=scope.condition()), (organization_id, month, *scope.values()))
    return {(currency, connection_id, name): facts for currency, connection_id, name, facts in rows}


def connections_of(organization_id: UUID, months: Iterable[date]) -> set[UUID]:
    """Return the accounts whose payers are held of some closed months."""
    held = ClosedBalance.objects.filter(organization_id=organization_id, month__in=list(months))
    return set(held.values_list("connection_id", flat=True).distinct())


def freeze(organization_id: UUID, month: date, found: dict[Key, Facts]) -> int:
    """Hold a month's balances as published; return how many."""
    kept = [
        (month, *key, facts["starting"], facts["ending"], facts, None) for key, facts in sorted(found.items())
    ]
    return insert(CLOSED, Build(organization_id), kept)


def restate(organization_id: UUID, month: date, found: Iterable[tuple[Key, Facts]]) -> None:
    """Hold beside what was published what some customers are now; nothing beside those who are it again."""
    if bring(CLOSED, [(month, *key, 0, 0, {}, facts) for key, facts in found]):
        statements(CLOSED)
        names, key = quoted(CLOSED.columns), quoted(CLOSED.key)
        execute(RESTATE.format(names=names, key=key), (organization_id,))


def differing(before: dict[Key, Facts], after: dict[Key, Facts]) -> Iterator[tuple[Key, Facts, Facts]]:
    """Return each customer whose month differs, with the facts before and after, empty for none."""
    for key in sorted(before.keys() | after.keys(), key=str):
        old, new = before.get(key, {}), after.get(key, {})
        if old != new:
            yield key, old, new


def subscriptions_of(old: Facts, new: Facts) -> list[str]:
    """Return the subscriptions that make two versions of one customer's month differ."""
    parts = [(each.get("subscriptions", {}), _by_subscription(each)) for each in (old, new)]
    names = {name for balances, steps in parts for name in (*balances, *steps)}
    return sorted(name for name in names if len({str((b.get(name), s.get(name))) for b, s in parts}) > 1)


def _by_subscription(facts: Facts) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = defaultdict(list)
    for step in facts.get("steps", ()):
        found[step[1]].append(step)
    return found


def _add(one: _Sums, segment: Sequence[Any], start: int, end: int) -> None:
    subscription, from_at, to_at, mrr, committed, contracted = segment
    if from_at < start:
        one.subscriptions[subscription][0] += mrr
    else:
        one.steps[from_at, subscription] += mrr
    if to_at is not None and to_at < end:
        one.steps[to_at, subscription] -= mrr
        return
    one.subscriptions[subscription][1] += mrr
    one.committed += committed
    one.contracted += mrr if contracted else 0


def _total(one: _Sums, side: int) -> int:
    return sum(pair[side] for pair in one.subscriptions.values())


def _facts(one: _Sums, returning: bool) -> Facts:
    """Return one customer's facts as they are stored; nothing for a customer who does not matter."""
    steps = [[*key, delta] for key, delta in sorted(one.steps.items()) if delta]
    subscriptions = {name: pair for name, pair in sorted(one.subscriptions.items()) if any(pair)}
    if not steps and not subscriptions and not one.committed:
        return {}
    return {
        "starting": _total(one, 0),
        "ending": _total(one, 1),
        "contracted": one.contracted,
        "committed": one.committed,
        "returning": returning,
        "subscriptions": subscriptions,
        "steps": steps,
    }
