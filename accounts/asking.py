"""Ask for a job: its row is there from then on, and due."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from accounts.pipeline import Answer, Road

# One that runs is to run again; one that pauses after a failure keeps its pause, others become due.
ASK = """
WITH before AS MATERIALIZED (
    SELECT state = 'queued' AND next_at <= statement_timestamp() AS was_due
    FROM accounts_job WHERE id = %(id)s FOR NO KEY UPDATE)
INSERT INTO accounts_job AS present (id, organization_id, kind, key, state, wanted_again, attempts, next_at,
    lease_owner, last_error, created_at, updated_at)
SELECT %(id)s, %(organization)s::uuid, %(kind)s::text, %(key)s::text, 'queued', false, 0,
    statement_timestamp() + %(delay)s::interval, '', '', statement_timestamp(), statement_timestamp()
FROM (SELECT count(was_due) FROM before) AS looked_at
ON CONFLICT (id) DO UPDATE
SET state = CASE WHEN present.state = 'running' THEN present.state ELSE 'queued' END,
    wanted_again = present.state = 'running',
    attempts = CASE WHEN present.state IN ('done', 'set_aside') THEN 0 ELSE present.attempts END,
    next_at = CASE
        WHEN present.state = 'queued' AND present.attempts > 0 THEN present.next_at
        WHEN present.state = 'queued' OR (present.state = 'running' AND present.wanted_again)
        THEN least(present.next_at, EXCLUDED.next_at)
        ELSE EXCLUDED.next_at END,
    updated_at = EXCLUDED.updated_at
RETURNING state = 'queued' AND next_at <= statement_timestamp() AND NOT EXISTS (
    SELECT FROM before WHERE was_due)
"""


class Asked(NamedTuple):
    """A job that was asked for; once the road has travelled, whether that made it due."""

    id: UUID
    due: Answer

    def is_news(self) -> bool:
        """Say whether a worker is to be told: of one that was due it was, of one that runs it will be."""
        return self.due.fetchone() == (True,)


def ask_for(
    road: Road, wanted: UUID, organization_id: UUID | None, kind: str, key: str, delay: timedelta
) -> Asked:
    """Ask for the job with an id, made now if there is none, to run after a delay."""
    bound = {"id": wanted, "organization": organization_id, "kind": kind, "key": key, "delay": delay}
    return Asked(wanted, road.send(ASK, bound))
