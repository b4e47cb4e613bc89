"""Ask for a job: its row is there from then on, and due."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from accounts.pipeline import Answer, Road

# One that is there is locked: done for long, it could be forgotten before it is asked for.
MAKE = """
INSERT INTO accounts_job AS present (id, organization_id, kind, key, state, wanted_again, attempts, next_at,
    lease_owner, last_error, created_at, updated_at)
VALUES (%(id)s, %(organization)s, %(kind)s, %(key)s, 'queued', false, 0,
    statement_timestamp() + %(delay)s::interval, '', '', statement_timestamp(), statement_timestamp())
ON CONFLICT (id) DO UPDATE SET updated_at = present.updated_at WHERE false
"""
# One that runs is to run again; one that pauses after a failure keeps its pause, others become due.
ASK = """
WITH before AS MATERIALIZED (
    SELECT id, state = 'queued' AND next_at <= statement_timestamp() AS is_due
    FROM accounts_job WHERE id = %(id)s FOR NO KEY UPDATE)
UPDATE accounts_job
SET state = CASE WHEN state = 'running' THEN state ELSE 'queued' END,
    wanted_again = state = 'running',
    attempts = CASE WHEN state IN ('done', 'set_aside') THEN 0 ELSE attempts END,
    next_at = CASE
        WHEN state = 'queued' AND attempts > 0 THEN next_at
        WHEN state = 'queued' OR (state = 'running' AND wanted_again)
        THEN least(next_at, statement_timestamp() + %(delay)s::interval)
        ELSE statement_timestamp() + %(delay)s::interval END,
    updated_at = statement_timestamp()
FROM before WHERE accounts_job.id = before.id
RETURNING NOT before.is_due AND state = 'queued' AND next_at <= statement_timestamp()
"""


class Asked(NamedTuple):
    """A job that was asked for; once the road has travelled, whether that was its making or made it due."""

    id: UUID
    made: Answer
    due: Answer

    def is_news(self) -> bool:
        """Say whether a worker is to be told: of one that was due it was, of one that runs it will be."""
        return self.made.rowcount > 0 or self.due.fetchone() == (True,)


def ask_for(
    road: Road, wanted: UUID, organization_id: UUID | None, kind: str, key: str, delay: timedelta
) -> Asked:
    """Ask for the job with an id, made now if there is none, to run after a delay."""
    bound = {"id": wanted, "organization": organization_id, "kind": kind, "key": key, "delay": delay}
    return Asked(wanted, road.send(MAKE, bound), road.send(ASK, bound))
