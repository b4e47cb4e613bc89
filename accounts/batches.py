"""Many organizations' jobs of one kind in a row, where each takes so little that its claim would cost more.

A worker that has such a job at hand takes those of other organizations along: one statement claims them,
one concludes them, and in between they are as any other claimed job.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts import jobs, leases, turns
from accounts.redaction import describe
from config.clock import now

logger = logging.getLogger(__name__)

AT_ONCE = 200
# What failed before, or whose process died, goes alone: it shall not take others with it again.
# Materialized, for a plan that looked again would find further jobs beyond the limit.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM accounts_job
    WHERE kind = %(kind)s AND state = 'queued' AND attempts = 0 AND next_at <= statement_timestamp()
    ORDER BY next_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE accounts_job
SET state = 'running', wanted_again = false, attempts = 1, lease_owner = %(owner)s,
    lease_until = statement_timestamp() + %(lease)s * interval '1 second', updated_at = statement_timestamp()
FROM due WHERE accounts_job.id = due.id
RETURNING accounts_job.id, organization_id
"""
CONCLUDE = """
UPDATE accounts_job
SET state = 'queued', attempts = 0, last_error = '', lease_owner = '', lease_until = NULL,
    next_at = CASE WHEN wanted_again THEN least(next_at, statement_timestamp() + ended.pause)
                   ELSE statement_timestamp() + ended.pause END,
    wanted_again = false, updated_at = statement_timestamp()
FROM unnest(%s::uuid[], %s::interval[]) AS ended (id, pause)
WHERE accounts_job.id = ended.id AND lease_owner = %s AND state = 'running'
RETURNING accounts_job.id, next_at <= statement_timestamp()
"""
Claimed = tuple[UUID, UUID]
Work = Callable[[UUID], datetime]


def take_along(kind: str, work: Work) -> int:
    """Do due jobs of a kind for a slice of time, and return how many; each says when it is due again."""
    owner = leases.new_owner()
    claimed = _claim(kind, owner)
    if not claimed:
        return 0
    ended: list[tuple[UUID, datetime]] = []
    with leases.Heartbeat(claimed[0][0], owner) as heartbeat:
        end = time.monotonic() + jobs.SLICE_SECONDS
        try:
            for job_id, organization_id in claimed:
                if heartbeat.lost or time.monotonic() > end:
                    break
                _one(job_id, organization_id, owner, work, ended)
        finally:
            _conclude(owner, ended)
            leases.give_back_all(owner)
    return len(ended)


def _claim(kind: str, owner: str) -> list[Claimed]:
    with connection.cursor() as cursor:
        lease = settings.JOB_LEASE_SECONDS
        cursor.execute(CLAIM, {"owner": owner, "lease": lease, "kind": kind, "most": AT_ONCE})
        return list(cursor.fetchall())


def _one(
    job_id: UUID, organization_id: UUID, owner: str, work: Work, ended: list[tuple[UUID, datetime]]
) -> None:
    turns.served(organization_id)
    try:
        ended.append((job_id, work(organization_id)))
    except Exception as error:
        logger.exception("Job %s failed among others", job_id)
        if leases.is_away(error):
            leases.interrupted(job_id, owner)
        else:
            leases.fail(job_id, owner, describe(error))


def _conclude(owner: str, ended: list[tuple[UUID, datetime]]) -> None:
    """Queue what was done for when it is due again, and wake what was asked for meanwhile."""
    if not ended:
        return
    present = now()
    pauses = [max(at - present, timedelta(0)) for _, at in ended]
    with connection.cursor() as cursor:
        cursor.execute(CONCLUDE, [[job_id for job_id, _ in ended], pauses, owner])
        again = [job_id for job_id, due in cursor.fetchall() if due]
    for job_id in again:
        jobs.wake(job_id)
