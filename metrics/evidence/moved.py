"""The movements behind a sum: by local day as they are stored, or netted anew as a month's setting says.

What they come to is known from the tables of sums, so a page reads the newest days that fill it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from billing_sync.models import Payer
from metrics.build.stored import ledgers
from metrics.build.tally import KINDS, Cut
from metrics.build.write import Build, Scope
from metrics.core.intervals import day_start, windows
from metrics.core.movements import Movement, movements, steps
from metrics.evidence.pages import BUILT, PAGE, Moved, Page, fetched
from metrics.evidence.sums import FEW, Period, days, months
from metrics.models import CurrentBuild
from metrics.queries import Shown

MOVED = """
    SELECT date, connection_id, customer_id, kind, reasons, {amount} AS amount_micro FROM metrics_movement
    WHERE {built} AND date >= %(start)s AND date < %(end)s AND currency = %(currency)s {kind} {plan}
"""
AMOUNT_OF_PLAN = (
    "(SELECT sum((leg ->> 4)::bigint) FROM jsonb_array_elements(legs) AS leg WHERE leg ->> 2 = %(plan)s)"
)
OF_PLAN = "AND EXISTS (SELECT 1 FROM jsonb_array_elements(legs) AS leg WHERE leg ->> 2 = %(plan)s)"
TOTAL = "SELECT count(*), coalesce(sum(amount_micro), 0) FROM ({moved}) AS moved"
LISTED = """
    WITH moved AS NOT MATERIALIZED ({moved}),
    page AS (
        SELECT * FROM moved {after} ORDER BY date DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
    )
    SELECT page.date, page.connection_id, page.customer_id, page.kind, page.amount_micro, page.reasons,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
    FROM page
    LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
        AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
    ORDER BY page.date DESC, page.connection_id DESC, page.customer_id DESC
"""
AFTER = "WHERE (date, connection_id, customer_id) < (%(on)s, %(connection)s, %(customer)s)"
TOUCHED = """
    SELECT connection_id, array_agg(DISTINCT customer_id) FROM metrics_segment WHERE {built}
    AND currency = %(currency)s
    AND (from_at >= %(from)s AND from_at < %(to)s OR to_at >= %(from)s AND to_at < %(to)s)
    GROUP BY connection_id
"""
# Who moved in a month and comes after one in its list, by the customers' own index.
FOLLOWING = """
    SELECT DISTINCT connection_id, customer_id FROM metrics_movement
    WHERE {built} AND currency = %(currency)s AND date >= %(start)s AND date < %(end)s {after}
    ORDER BY connection_id DESC, customer_id DESC LIMIT %(some)s
"""
BEFORE = "AND (connection_id, customer_id) < (%(connection)s::uuid, %(customer)s)"
SOME = 100
Key = tuple[date, UUID, str, int]


@dataclass(frozen=True, slots=True)
class Sum:
    """Which movements: dated in `[start, end)`, of one currency, and of one kind or plan where given."""

    start: date
    end: date
    currency: str
    kind: str = ""
    plan: str = ""
    window: str = "day"


def moves(shown: Shown, wanted: Sum, after: Key | None = None, few: int = FEW) -> Page[Moved]:
    """Return a page of the movements that make up a sum, the newest first."""
    moved = days(shown, wanted.currency, wanted.start, wanted.end)
    many = sum(one.count("") for one in moved) > few
    if wanted.window == "day":
        return _by_day(shown, wanted, after, moved, many=many)
    if many and wanted.window == "month":
        return _by_customer(shown, wanted, after)
    return _netted_anew(shown, wanted, after)


def _by_day(
    shown: Shown, wanted: Sum, after: Key | None, moved: Sequence[Period], *, many: bool
) -> Page[Moved]:
    if wanted.plan and not many:
        return _of_few(shown, wanted, after)
    start = wanted.start if wanted.plan else _first_needed(wanted, after, moved)
    lines = _listed(shown, replace(wanted, start=start), after)
    if wanted.plan:
        return Page(lines[:PAGE], None, None, len(lines) > PAGE)
    count = sum(one.count(wanted.kind) for one in moved)
    total = sum(one.amount_micro(wanted.kind) for one in moved)
    return Page(lines[:PAGE], count, total, len(lines) > PAGE)


def _first_needed(wanted: Sum, after: Key | None, moved: Sequence[Period]) -> date:
    """Return the earliest day that a page reaches: a kind that is rare is not looked for among all others."""
    reached = 0
    for one in moved:
        # The day that a page begins on may be shown to its end already.
        if after is None or one.on < after[0]:
            reached += one.count(wanted.kind)
        if reached > PAGE:
            return one.on
    return wanted.start


def _of_few(shown: Shown, wanted: Sum, after: Key | None) -> Page[Moved]:
    """Sum the movements themselves: no table keeps what a plan's come to by kind."""
    ((count, total),) = fetched(TOTAL.format(moved=_moved(wanted)), _bound(shown, wanted, None))
    lines = _listed(shown, wanted, after)
    return Page(lines[:PAGE], count, int(total), len(lines) > PAGE)


def _listed(shown: Shown, wanted: Sum, after: Key | None) -> list[Moved]:
    statement = LISTED.format(moved=_moved(wanted), after=AFTER if after else "")
    return [
        Moved(on, connection_id, customer_id, 0, kind, int(amount), tuple(reasons), name)
        for on, connection_id, customer_id, kind, amount, reasons, name in fetched(
            statement, _bound(shown, wanted, after)
        )
    ]


def _moved(wanted: Sum) -> str:
    return MOVED.format(
        built=BUILT,
        amount=AMOUNT_OF_PLAN if wanted.plan else "amount_micro",
        kind="AND kind = %(kind)s" if wanted.kind else "",
        plan=OF_PLAN if wanted.plan else "",
    )


def _bound(shown: Shown, wanted: Sum, after: Key | None) -> dict[str, Any]:
    bound = {
        "organization": shown.organization_id,
        "start": wanted.start,
        "end": wanted.end,
        "currency": wanted.currency,
        "kind": wanted.kind,
        "plan": wanted.plan,
        "limit": PAGE + 1,
    }
    if after:
        bound |= {"on": after[0], "connection": after[1], "customer": after[2]}
    return bound


def _netted_anew(shown: Shown, wanted: Sum, after: Key | None) -> Page[Moved]:
    """Net the segments of everyone who changed within the months: only movements by day are stored."""
    found = sorted(_within(shown, wanted), key=lambda line: line.key, reverse=True)
    rest = [line for line in found if after is None or line.key < after][: PAGE + 1]
    return Page(
        _told(shown, rest[:PAGE]), len(found), sum(one.amount_micro for one in found), len(rest) > PAGE
    )


def _by_customer(shown: Shown, wanted: Sum, after: Key | None) -> Page[Moved]:
    """Net some customers at a time: those of a month stand in the order of their ids."""
    found: list[Moved] = []
    last = (after[1], after[2]) if after else None
    while len(found) <= PAGE and (some := _following(shown, wanted, last)):
        groups = groupby(some, key=itemgetter(0))
        named = [(connection_id, [name for _, name in rows]) for connection_id, rows in groups]
        found += sorted(_netted(shown, wanted, named), key=attrgetter("key"), reverse=True)
        last = some[-1]
    months_moved = months(shown, wanted.currency, wanted.start, wanted.end)
    plan = wanted.plan
    count = None if plan else sum(one.count(wanted.kind) for one in months_moved)
    total = None if plan else sum(one.amount_micro(wanted.kind) for one in months_moved)
    return Page(_told(shown, found[:PAGE]), count, total, len(found) > PAGE)


def _following(shown: Shown, wanted: Sum, last: tuple[UUID, str] | None) -> list[tuple[UUID, str]]:
    bound = _bound(shown, wanted, None) | {"some": SOME}
    if last:
        bound |= {"connection": last[0], "customer": last[1]}
    rows = fetched(FOLLOWING.format(built=BUILT, after=BEFORE if last else ""), bound)
    return [(connection_id, customer_id) for connection_id, customer_id in rows]


def _told(shown: Shown, rest: list[Moved]) -> list[Moved]:
    """Return rows with their customers' names."""
    names = _names(shown.organization_id, rest)
    return [
        Moved(
            line.on,
            line.connection_id,
            line.customer_id,
            line.at,
            line.kind,
            line.amount_micro,
            line.reasons,
            names.get((line.connection_id, line.customer_id)) or line.customer_id,
        )
        for line in rest
    ]


def _within(shown: Shown, wanted: Sum) -> Iterator[Moved]:
    return _netted(shown, wanted, fetched(TOUCHED.format(built=BUILT), _instants(shown, wanted)))


def _netted(shown: Shown, wanted: Sum, groups: Iterable[Any]) -> Iterator[Moved]:
    pointer = CurrentBuild.objects.get(organization_id=shown.organization_id)
    build = Build(shown.organization_id, pointer.definition_version, pointer.build)
    cut, frame = Cut.of(shown.definition, pointer.computed_at), windows(wanted.window, shown.zone.key)
    for connection_id, names in groups:
        for customer_id, ledger in ledgers(build, Scope(connection_id, names)).items():
            for one in movements(steps(cut.until_now(ledger)), frame):
                amount = _amount(one, wanted.plan)
                if amount is not None and _meets(one, wanted):
                    at = one.at if wanted.window == "event" else 0
                    yield Moved(one.on, connection_id, customer_id, at, one.kind, amount, one.reasons, "")


def _meets(one: Movement, wanted: Sum) -> bool:
    same = one.currency == wanted.currency and one.kind in ((wanted.kind,) if wanted.kind else KINDS)
    return same and wanted.start <= one.on < wanted.end


def _amount(one: Movement, plan: str) -> int | None:
    if not plan:
        return one.amount_micro
    legs = [leg.amount_micro for leg in one.legs if leg.price == plan]
    return sum(legs) if legs else None


def _instants(shown: Shown, wanted: Sum) -> dict[str, object]:
    first, last = (day_start(on, shown.zone) for on in (wanted.start, wanted.end))
    return {
        "organization": shown.organization_id,
        "currency": wanted.currency,
        "from": datetime.fromtimestamp(first, UTC),
        "to": datetime.fromtimestamp(last, UTC) + timedelta(seconds=1),
    }


def _names(organization_id: UUID, lines: list[Moved]) -> dict[tuple[UUID, str], str]:
    found = Payer.objects.filter(
        organization_id=organization_id,
        connection_id__in={line.connection_id for line in lines},
        customer_id__in={line.customer_id for line in lines},
    )
    return {(one.connection_id, one.customer_id): one.name or one.email for one in found}
