"""Take marked payers to compute, beside others who take theirs: none is computed by two at once.

Time moves for everyone at once, so whoever moves it is alone in the organization. While more is marked than
one takes, time stands: then several work side by side, each with payers of its own under their locks.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from config import clock
from metrics import definitions
from metrics.build.marks import Mark
from metrics.build.pipeline import Road
from metrics.build.rebuild import EDITION
from metrics.build.sources import BESIDE_BUILDS, build_lock, summed
from metrics.build.tally import Cut
from metrics.build.write import Build
from metrics.core.definition import Definition

AMONG = 8
# From this many marks on, if it is a good share of all, computing everyone is cheaper than payer by payer.
MOST = 5_000
MANY = (
    "SELECT count(*) = %(count)s AS many FROM ("
    "SELECT FROM billing_sync_dirtycustomer WHERE organization_id = %(organization)s LIMIT %(count)s) AS one"
)
# One plan serves every payer: making it anew costs PostgreSQL more than all that it then runs.
PLAN_ONCE = "set_config('plan_cache_mode', 'force_generic_plan', true)"
SHARE = (
    "WITH waiting AS MATERIALIZED ({many}) SELECT many, {plan_once}, {beside_builds}, CASE WHEN many "
    "THEN pg_advisory_xact_lock_shared(hashtextextended(%(name)s, 0)) "
    "ELSE pg_advisory_xact_lock(hashtextextended(%(name)s, 0)) END FROM waiting"
)
BESIDE_OTHERS, ALONE = (
    SHARE.format(many=many, plan_once=PLAN_ONCE, beside_builds=BESIDE_BUILDS)
    for many in (MANY, "SELECT false AS many")
)
# With every account, of which there are few.
SHOWN = (
    "SELECT shown.definition_version, shown.build, shown.computed_at, shown.connection_ids, "
    "rules.settings::text, "
    "EXISTS (SELECT FROM metrics_closedmonth AS month WHERE month.organization_id = %(organization)s), "
    "shown.edition = %(edition)s AND NOT EXISTS (SELECT FROM metrics_definition AS newer "
    "WHERE newer.organization_id = %(organization)s AND newer.version > shown.definition_version) "
    "AND NOT EXISTS (SELECT FROM metrics_buildplan WHERE organization_id = %(organization)s) AND NOT EXISTS ("
    "SELECT FROM billing_sync_dirtycustomer WHERE organization_id = %(organization)s OFFSET %(most)s), "
    "account.id, account.kind, account.state, account.account_id, account.livemode, account.imported_at, "
    "account.data_through "
    "FROM metrics_currentbuild AS shown JOIN metrics_definition AS rules "
    "ON rules.organization_id = shown.organization_id AND rules.version = shown.definition_version "
    "LEFT JOIN billing_sync_connection AS account ON account.organization_id = shown.organization_id "
    "WHERE shown.organization_id = %(organization)s ORDER BY account.id"
)
# Marks are looked for among some more than are taken, for others may have the first.
TAKE = (
    "WITH waiting AS MATERIALIZED ("
    "SELECT connection_id, customer_id, marked FROM billing_sync_dirtycustomer "
    "WHERE organization_id = %(organization)s ORDER BY connection_id, customer_id LIMIT %(among)s) "
    "(SELECT connection_id, customer_id, marked FROM waiting WHERE pg_try_advisory_xact_lock("
    "hashtextextended(concat_ws(' ', %(name)s::text, connection_id, customer_id), 0)) LIMIT %(count)s) "
    "UNION ALL SELECT connection_id, customer_id, NULL FROM metrics_datedchange "
    "WHERE organization_id = %(organization)s AND at <= greatest(%(now)s, "
    "(SELECT computed_at FROM metrics_currentbuild WHERE organization_id = %(organization)s))"
)


# Where the columns of an account begin.
ACCOUNT = 7


class Account(NamedTuple):
    """A connection as far as summing asks."""

    id: UUID
    kind: str
    state: str
    account_id: str
    livemode: bool | None
    imported_at: datetime | None
    data_through: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Payers to compute in a build, from the instant up to which they are counted to the next.

    With `more` to do the instants are the same, and nobody is taken for what changes by date. The build
    `is_wanted` as it stands where few payers are marked, and another is neither due nor in the making.
    """

    build: Build
    before: Cut
    cut: Cut
    data_through: datetime | None
    marks: list[Mark]
    payers: dict[UUID, set[str]]
    has_closed_months: bool
    more: bool
    is_wanted: bool


def take(organization_id: UUID, count: int, road: Road, *, beside_others: bool = True) -> Taken | None:
    """Take marked payers in the transaction in progress; those whose day has come too, where time moves.

    None where no build is shown yet. Until the transaction ends no build begins or is shown.
    """
    now = int(clock.now().timestamp())
    bound = _bound(organization_id, count, now)
    statements = (BESIDE_OTHERS if beside_others else ALONE, SHOWN, TAKE)
    sent = [road.send(statement, bound) for statement in statements]
    road.travel()
    ((more, *_),), shown, found = (answer.fetchall() for answer in sent)
    if not shown:
        return None
    version, number, computed_at, summed_ids, settings, closed, is_current = shown[0][:ACCOUNT]
    before = Cut.of(_definition(version, settings), computed_at)
    marks = [mark for mark in found if mark[2]]
    payers: dict[UUID, set[str]] = defaultdict(set)
    for connection_id, customer_id, _ in marks if more else found:
        payers[connection_id].add(customer_id)
    sources = summed([Account._make(row[ACCOUNT:]) for row in shown if row[ACCOUNT]])
    return Taken(
        Build(organization_id, version, number),
        before,
        before if more else Cut(before.definition, max(before.at, now)),
        sources.data_through,
        marks,
        {one: payers[one] for one in sorted(payers) if one in summed_ids},
        closed,
        more,
        is_current and set(summed_ids) == set(sources.connection_ids),
    )


@lru_cache(maxsize=1_000)
def _definition(version: int, settings: str) -> Definition:
    return definitions.of_settings(version, json.loads(settings))


def _bound(organization_id: UUID, count: int, now: int) -> dict[str, object]:
    return {
        "organization": organization_id,
        "count": count,
        "among": AMONG * count,
        "build_lock": build_lock(organization_id),
        "name": f"metrics.increment {organization_id}",
        "now": datetime.fromtimestamp(now, UTC),
        "edition": EDITION,
        "most": MOST - 1,
    }
