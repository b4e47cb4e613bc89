"""Rows under the totals: every movement in a window of choice, every customer's MRR at an instant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import connection

from metrics import definitions
from metrics.build.stored import ledgers, valued_customers
from metrics.build.tally import Cut
from metrics.build.write import Build, Scope
from metrics.core.intervals import windows
from metrics.core.movements import Movement, movements, steps
from metrics.models import CurrentBuild

CHUNK = 5_000
MOVEMENTS = """
    SELECT date, customer_id, kind, amount_micro, currency, subscription_ids, reasons
    FROM metrics_movement
    WHERE organization_id = %s AND (definition_version, build) = (
        SELECT definition_version, build FROM metrics_currentbuild WHERE organization_id = %s
    ) AND date >= %s AND date < %s
    ORDER BY date, customer_id COLLATE "C", currency COLLATE "C", kind COLLATE "C"
"""
CUSTOMERS = """
    SELECT customer_id, currency, sum(mrr_micro)::bigint
    FROM metrics_segment
    WHERE organization_id = %s AND (definition_version, build) = (
        SELECT definition_version, build FROM metrics_currentbuild WHERE organization_id = %s
    ) AND from_at < %s AND (to_at IS NULL OR to_at >= %s)
    GROUP BY connection_id, customer_id, currency HAVING sum(mrr_micro) <> 0
    ORDER BY customer_id COLLATE "C", currency COLLATE "C"
"""


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One customer's net change in one window; `amount_micro` is signed, `at` is given by event alone."""

    date: date
    customer_id: str
    kind: str
    amount_micro: int
    currency: str
    subscription_ids: tuple[str, ...]
    reasons: tuple[str, ...]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    customer_id: str
    currency: str
    mrr_micro: int


def movement_rows(organization_id: UUID, window: str, start: date, end: date) -> Iterable[MovementRow]:
    """Return the movements dated in `[start, end)`, by date, customer, currency and kind."""
    if window == "day":
        return _daily(organization_id, start, end)
    found = [row for row in _netted(organization_id, window) if start <= row.date < end]
    return sorted(found, key=_order)


def customer_rows(organization_id: UUID, before: datetime) -> list[CustomerRow]:
    """Return every customer's MRR just before an instant, rows of 0 left out."""
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, [organization_id, organization_id, before, before])
        return [CustomerRow(*row) for row in cursor.fetchall()]


def _daily(organization_id: UUID, start: date, end: date) -> Iterator[MovementRow]:
    with connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, [organization_id, organization_id, start, end])
        for on, customer_id, kind, amount_micro, currency, subscriptions, reasons in cursor.fetchall():
            yield MovementRow(
                on, customer_id, kind, amount_micro, currency, tuple(subscriptions), tuple(reasons)
            )


def _netted(organization_id: UUID, window: str) -> Iterator[MovementRow]:
    """Net the stored segments anew: only the movements by day are kept."""
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    if pointer is None:
        return
    definition = definitions.of_version(organization_id, pointer.definition_version)
    cut, frame = Cut.of(definition, pointer.computed_at), windows(window, definition.time_zone)
    build = Build(organization_id, pointer.definition_version, pointer.build)
    for connection_id in pointer.connection_ids:
        after = ""
        while names := valued_customers(build, connection_id, after, CHUNK):
            scope = Scope(connection_id, after=after, last=names[-1])
            for customer_id, ledger in ledgers(build, scope).items():
                for one in movements(steps(cut.until_now(ledger)), frame):
                    yield _row(customer_id, one, window)
            after = names[-1]


def _row(customer_id: str, one: Movement, window: str) -> MovementRow:
    at = datetime.fromtimestamp(one.at, UTC) if window == "event" else None
    subscriptions = tuple(sorted({leg.subscription for leg in one.legs}))
    return MovementRow(
        one.on, customer_id, one.kind, one.amount_micro, one.currency, subscriptions, one.reasons, at
    )


def _order(row: MovementRow) -> tuple[object, ...]:
    return (row.date, row.customer_id, row.currency, row.kind, row.at or 0)
