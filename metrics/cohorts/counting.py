"""Everyone's whole life counted in one view of the tables: cohorts, plans' flows and trials.

A change of one customer can move cells of years, so an increment leaves this to a job of its own, which comes
the more rarely the longer it takes. Pages say as of when they are.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from accounts.tenancy import tenant
from billing_sync.payload import read_payload
from config import clock
from metrics import queries
from metrics.build.batch import uncollected
from metrics.build.load import fetch
from metrics.build.write import Build, Scope, execute, replace
from metrics.cohorts import writing
from metrics.cohorts.lives import Span
from metrics.cohorts.models import Counted
from metrics.cohorts.tally import Rows, Tally
from metrics.cohorts.worth import trial_rows
from metrics.core.intervals import FOREVER, days
from metrics.countries.reading import country_of
from metrics.queries import Shown

JOB = "count_cohorts"
# Raise it with every change that can change a figure: an upgrade then counts again.
EDITION = 1
CUSTOMERS = 2_000
FETCHED = 20_000
# An increment's changes are counted together, and all counting takes a twentieth of the time.
SOON, SHARE, LEAST = timedelta(seconds=15), 20, timedelta(minutes=1)
ONE_VIEW = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
# Of rows that just came nothing is known, and each would be looked for among all of them.
NOT_ONE_BY_ONE = "SET LOCAL enable_nestloop = off"
ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
SPANS = f"""
SELECT customer_id, subscription_id, currency, price_id, "interval",
    extract(epoch FROM from_at)::bigint,
    CASE WHEN to_at <= %(at)s THEN extract(epoch FROM to_at)::bigint ELSE {FOREVER} END,
    mrr_micro, excluded
FROM metrics_segment
WHERE organization_id = %(organization)s AND definition_version = %(version)s AND build = %(build)s
  AND connection_id = %(connection)s AND from_at <= %(at)s
  AND (mrr_micro <> 0 OR excluded IN ('trial', 'first_payment'))
ORDER BY customer_id
"""  # noqa: S608 - a constant
HOMES = """
SELECT payer.customer_id, coalesce(home.country, ''),
    CASE WHEN home.fetched_at IS DISTINCT FROM payer.fetched_at THEN payer.fields END
FROM billing_sync_payer AS payer
LEFT JOIN metrics_customercountry AS home ON home.organization_id = payer.organization_id
    AND home.connection_id = payer.connection_id AND home.customer_id = payer.customer_id
WHERE payer.organization_id = %s AND payer.connection_id = %s AND payer.customer_id = ANY(%s)
"""
Life = tuple[str, list[Span]]


def counted(organization_id: UUID) -> Counted | None:
    """Return of what everyone was counted last; inside the tenant."""
    return Counted.objects.filter(organization_id=organization_id).first()


def is_fresh(known: Counted | None, shown: Shown) -> bool:
    """Say whether what was counted is what the build on show says now."""
    fresh = shown.freshness
    return known is not None and (
        (known.definition_version, known.build, known.computed_at, known.edition)
        == (fresh.definition_version, shown.build, fresh.computed_at, EDITION)
    )


def keep_up(organization_id: UUID) -> datetime | None:
    """Count everyone if the numbers have moved and it is time; return when to come back, if at all."""
    with tenant(organization_id):
        shown, known = queries.shown(organization_id), counted(organization_id)
    if shown.build is None or is_fresh(known, shown):
        return None
    if known and known.edition == EDITION:
        pause = max(LEAST, timedelta(seconds=SHARE * known.seconds))
        if clock.now() < known.counted_at + pause:
            return known.counted_at + pause
    return None if count(organization_id) else clock.now() + SOON


def count(organization_id: UUID) -> bool:
    """Count everyone now; False where another does so at this moment."""
    began = time.monotonic()
    with transaction.atomic(), uncollected():
        execute(ONE_VIEW)
        with tenant(organization_id):
            execute(NOT_ONE_BY_ONE)
            ((free,),) = fetch(ALONE, (f"metrics.cohorts {organization_id}",))
            shown = queries.shown(organization_id)
            if free and shown.build is not None:
                _count(shown, began)
    return bool(free)


def _count(shown: Shown, began: float) -> None:
    tally = Tally(days(shown.definition.time_zone))
    for connection_id in shown.connection_ids:
        _count_connection(shown, connection_id, tally)
    fresh = shown.freshness
    assert fresh.definition_version is not None
    assert fresh.computed_at is not None
    assert shown.build is not None
    writing.forget_others(shown.organization_id, shown.connection_ids)
    writing.settle(shown.organization_id, tally)
    Counted.objects.update_or_create(
        organization_id=shown.organization_id,
        defaults={
            "definition_version": fresh.definition_version,
            "build": shown.build,
            "computed_at": fresh.computed_at,
            "counted_at": clock.now(),
            "edition": EDITION,
            "seconds": time.monotonic() - began,
        },
    )


def _count_connection(shown: Shown, connection_id: UUID, tally: Tally) -> None:
    build, after = Build(shown.organization_id), ""
    lives = _lives(shown, connection_id)
    while True:
        some = list(islice(lives, CUSTOMERS))
        names = [name for name, _ in some]
        # The last range has no end, so that the rows of customers who vanished go with it.
        last = names[-1] if len(names) == CUSTOMERS else None
        rows, homes = Rows(), _homes(shown.organization_id, connection_id, names)
        for name, spans in some:
            tally.add(connection_id, name, spans, homes.get(name, ""), rows)
        scope = Scope(connection_id, after=after, last=last)
        replace(writing.MEMBER, build, scope, rows.members)
        replace(writing.MOVE, build, scope, rows.moves)
        replace(writing.TRIAL, build, scope, trial_rows(shown, connection_id, rows.trials, tally))
        if last is None:
            return
        after = last


def _lives(shown: Shown, connection_id: UUID) -> Iterator[Life]:
    """Yield each customer's spans, customers in the order of their ids."""
    bound = {
        "organization": shown.organization_id,
        "version": shown.freshness.definition_version,
        "build": shown.build,
        "connection": connection_id,
        "at": shown.freshness.computed_at,
    }
    for name, rows in groupby(_rows(bound), key=itemgetter(0)):
        yield name, [Span._make(row[1:]) for row in rows]


def _rows(bound: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows as they come, never all at once."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(SPANS, bound)
        while some := cursor.fetchmany(FETCHED):
            yield from some


def _homes(organization_id: UUID, connection_id: UUID, names: list[str]) -> dict[str, str]:
    """Return the countries of some customers, read anew where Stripe has told of them since."""
    found = fetch(HOMES, (organization_id, connection_id, names)) if names else []
    return {
        name: country if fields is None else country_of(read_payload(fields)) if fields else ""
        for name, country, fields in found
    }
