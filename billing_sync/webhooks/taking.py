"""Take the webhooks that wait, and erase those that are done: few round trips, each statement prepared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from accounts.pipeline import Answer, Road
from billing_sync.mirror.arrays import packed
from billing_sync.models import Connection
from billing_sync.pages import POLL as POLLED
from config.clock import now

# Stripe posts an event again for three days; its id must be known for longer.
KEPT_FOR = timedelta(days=7)
# All that processing asks of a connection; what its key may read is not among it.
FACTS = [field.attname for field in Connection._meta.concrete_fields if field.attname != "permissions"]
# With it whether its events cannot be read, and when its last poll began.
CONNECTION = f"""
SELECT EXISTS (
    SELECT FROM billing_sync_synccursor
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s
    AND resource = 'events' AND state = 'unavailable'), (
    SELECT started_at FROM billing_sync_synccursor
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND resource = %(polled)s
    ), {", ".join(FACTS)}
FROM billing_sync_connection WHERE organization_id = %(organization)s AND id = %(connection)s
"""  # noqa: S608
WAITING = """
SELECT id, event_id, body, received_at, EXISTS (
    SELECT FROM billing_sync_event AS logged
    WHERE logged.organization_id = %(organization)s AND logged.connection_id = %(connection)s
    AND logged.stripe_id = one.event_id AND logged.applied_at IS NOT NULL)
FROM (
    SELECT * FROM billing_sync_webhookdelivery
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND processed_at IS NULL
    ORDER BY received_at, event_id LIMIT %(most)s) AS one
ORDER BY received_at, event_id
"""
# The bodies hold personal data. What stays says that they came and were fetched, until it is forgotten.
ERASE = """
WITH erased AS (
    UPDATE billing_sync_webhookdelivery AS kept
    SET processed_at = %(now)s, fetched = done.fetched, error = done.error, body = ''
    FROM unnest(%(ids)s::uuid[], %(fetched)s::boolean[], %(errors)s::text[]) AS done (id, fetched, error)
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND kept.id = done.id),
forgotten AS (
    DELETE FROM billing_sync_webhookdelivery
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s
    AND processed_at < %(forgotten)s)
SELECT EXISTS (
    SELECT FROM billing_sync_webhookdelivery
    WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND processed_at IS NULL
    AND id <> ALL(%(ids)s::uuid[]))
"""


class Delivery(NamedTuple):
    """A kept webhook that waits; `applied` where the poll has fetched what its event names already."""

    id: UUID
    event_id: str
    body: bytes
    received_at: datetime
    applied: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """A connection, some of what waits for it, oldest first; whether a poll logs its events, and the last."""

    connection: Connection
    waiting: Sequence[Delivery]
    readable: bool
    polled_at: datetime | None


class Done(NamedTuple):
    """What became of a webhook: whether something was fetched for it, or why it is senseless."""

    id: UUID
    fetched: bool
    error: str = ""


def look(organization_id: UUID, connection_id: UUID, most: int, road: Road) -> Sequence[Answer]:
    """Ask for what waits; the answers are for `taken`."""
    bound = {"organization": organization_id, "connection": connection_id, "most": most, "polled": POLLED}
    return [road.send(statement, bound) for statement in (CONNECTION, WAITING)]


def taken(answers: Sequence[Answer]) -> Taken | None:
    """Return what waits; None where the connection is gone."""
    found, waiting = (answer.fetchall() for answer in answers)
    if not found:
        return None
    unreadable, polled_at, *facts = found[0]
    connection = Connection.from_db("default", FACTS, facts)
    return Taken(connection, [Delivery._make(one) for one in waiting], not unreadable, polled_at)


def erase(connection: Connection, done: Sequence[Done], road: Road) -> Answer:
    """Erase what is processed, and forget what was long ago; the answer says whether more waits."""
    at = now()
    bound = {
        "organization": connection.organization_id,
        "connection": connection.id,
        "now": at,
        "forgotten": at - KEPT_FOR,
        "ids": packed("uuid", [one.id for one in done]),
        "fetched": packed("boolean", [one.fetched for one in done]),
        "errors": packed("text", [one.error for one in done]),
    }
    return road.send(ERASE, bound)
