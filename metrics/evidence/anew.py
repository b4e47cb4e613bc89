"""Movements netted anew from segments, as a definition's window by month or by event says.

Only movements by local day are stored. Of a month that moved many, some customers are netted at a time.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter, itemgetter
from uuid import UUID

from billing_sync.models import Payer
from metrics.build.stored import ledgers
from metrics.build.tally import KINDS, Cut
from metrics.build.write import Build, Scope
from metrics.core.intervals import day_start, windows
from metrics.core.movements import Movement, movements, steps
from metrics.evidence.narrowing import Narrowed
from metrics.evidence.pages import BUILT, PAGE, Moved, Page, fetched
from metrics.evidence.sums import months
from metrics.evidence.wanted import Key, Sum
from metrics.models import CurrentBuild
from metrics.queries import Shown

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
# So many are looked through for a page, whatever is found.
LOOKED = 1_000


def netted(shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None) -> Page[Moved]:
    """Net the segments of everyone who changed within the months, or of everyone whose name was asked for."""
    found = sorted(
        _netted(shown, wanted, narrowed, _groups(shown, wanted, narrowed)),
        key=lambda line: line.key,
        reverse=True,
    )
    rest = [line for line in found if after is None or line.key < after][: PAGE + 1]
    total = sum(one.amount_micro for one in found)
    return Page(_told(shown, rest[:PAGE]), len(found), total, len(rest) > PAGE)


def by_customer(shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None) -> Page[Moved]:
    """Net some customers at a time: those of a month stand in the order of their ids."""
    if narrowed.payers is not None:
        return netted(shown, wanted, narrowed, after)
    found: list[Moved] = []
    last, looked = (after[1], after[2]) if after else None, 0
    while len(found) <= PAGE and looked < LOOKED and (some := _following(shown, wanted, last)):
        groups = groupby(some, key=itemgetter(0))
        named = [(connection_id, [name for _, name in rows]) for connection_id, rows in groups]
        found += sorted(_netted(shown, wanted, narrowed, named), key=attrgetter("key"), reverse=True)
        last, looked = some[-1], looked + len(some)
    if wanted.narrows:
        return _page_of_some(shown, wanted, found, last if looked >= LOOKED else None)
    moved = months(shown, wanted.currency, wanted.start, wanted.end)
    count = sum(one.count(wanted.kind) for one in moved)
    total = sum(one.amount_micro(wanted.kind) for one in moved)
    return Page(_told(shown, found[:PAGE]), count, total, len(found) > PAGE)


def _page_of_some(
    shown: Shown, wanted: Sum, found: list[Moved], last: tuple[UUID, str] | None
) -> Page[Moved]:
    if last is None or len(found) > PAGE:
        return Page(_told(shown, found[:PAGE]), None, None, len(found) > PAGE)
    return Page(_told(shown, found), None, None, more=True, looked_to=(wanted.start, *last, 0))


def _following(shown: Shown, wanted: Sum, last: tuple[UUID, str] | None) -> list[tuple[UUID, str]]:
    bound = {
        "organization": shown.organization_id,
        "currency": wanted.currency,
        "start": wanted.start,
        "end": wanted.end,
        "some": SOME,
    }
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


def _groups(shown: Shown, wanted: Sum, narrowed: Narrowed) -> list[tuple[UUID, list[str]]]:
    """Return the customers to net, by account."""
    if narrowed.payers is None:
        rows = fetched(TOUCHED.format(built=BUILT), _instants(shown, wanted))
        return [(connection_id, names) for connection_id, names in rows]
    groups = groupby(sorted(narrowed.payers.keys), key=itemgetter(0))
    return [(connection_id, [name for _, name in rows]) for connection_id, rows in groups]


def _netted(
    shown: Shown, wanted: Sum, narrowed: Narrowed, groups: Iterable[tuple[UUID, list[str]]]
) -> Iterator[Moved]:
    pointer = CurrentBuild.objects.get(organization_id=shown.organization_id)
    build = Build(shown.organization_id, pointer.definition_version, pointer.build)
    cut, frame = Cut.of(shown.definition, pointer.computed_at), windows(wanted.window, shown.zone.key)
    for connection_id, names in groups:
        kept = narrowed.of_payers(connection_id, names)
        for customer_id, ledger in ledgers(build, Scope(connection_id, kept)).items():
            for one in movements(steps(cut.until_now(ledger)), frame):
                amount = narrowed.counted(one)
                if amount is not None and _meets(one, wanted):
                    at = one.at if wanted.window == "event" else 0
                    yield Moved(one.on, connection_id, customer_id, at, one.kind, amount, one.reasons, "")


def _meets(one: Movement, wanted: Sum) -> bool:
    same = one.currency == wanted.currency and one.kind in ((wanted.kind,) if wanted.kind else KINDS)
    return same and wanted.start <= one.on < wanted.end


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
