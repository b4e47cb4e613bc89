"""The movements behind a sum: by local day as they are stored, or netted anew as a month's setting says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from billing_sync.models import Payer
from metrics.build.stored import ledgers
from metrics.build.tally import KINDS, Cut
from metrics.build.write import Build, Scope
from metrics.core.intervals import day_start, windows
from metrics.core.movements import Movement, movements, steps
from metrics.evidence.pages import BUILT, PAGE, Moved, Page, fetched
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
LISTED = """
    WITH moved AS NOT MATERIALIZED ({moved}),
    total AS (SELECT count(*) AS count, coalesce(sum(amount_micro), 0) AS amount_micro FROM moved),
    page AS (
        SELECT * FROM moved {after} ORDER BY date DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
    )
    SELECT total.count, total.amount_micro, page.date, page.connection_id, page.customer_id, page.kind,
        page.amount_micro, page.reasons,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
    FROM total LEFT JOIN page ON true
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


def moves(shown: Shown, wanted: Sum, after: Key | None = None) -> Page[Moved]:
    """Return a page of the movements that make up a sum, the newest first."""
    return _by_day(shown, wanted, after) if wanted.window == "day" else _netted_anew(shown, wanted, after)


def _by_day(shown: Shown, wanted: Sum, after: Key | None) -> Page[Moved]:
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
    moved = MOVED.format(
        built=BUILT,
        amount=AMOUNT_OF_PLAN if wanted.plan else "amount_micro",
        kind="AND kind = %(kind)s" if wanted.kind else "",
        plan=OF_PLAN if wanted.plan else "",
    )
    rows = fetched(LISTED.format(moved=moved, after=AFTER if after else ""), bound)
    count, total = rows[0][:2]
    lines = [
        Moved(on, connection_id, customer_id, 0, kind, int(amount), tuple(reasons), name)
        for _, _, on, connection_id, customer_id, kind, amount, reasons, name in rows
        if on is not None
    ]
    return Page(lines[:PAGE], count, int(total), len(lines) > PAGE)


def _netted_anew(shown: Shown, wanted: Sum, after: Key | None) -> Page[Moved]:
    """Net the segments of everyone who changed within the months: only movements by day are stored."""
    found = sorted(_within(shown, wanted), key=lambda line: line.key, reverse=True)
    rest = [line for line in found if after is None or line.key < after][: PAGE + 1]
    names = _names(shown.organization_id, rest)
    lines = [
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
        for line in rest[:PAGE]
    ]
    return Page(lines, len(found), sum(line.amount_micro for line in found), len(rest) > PAGE)


def _within(shown: Shown, wanted: Sum) -> Iterator[Moved]:
    pointer = CurrentBuild.objects.get(organization_id=shown.organization_id)
    build = Build(shown.organization_id, pointer.definition_version, pointer.build)
    cut, frame = Cut.of(shown.definition, pointer.computed_at), windows(wanted.window, shown.zone.key)
    for connection_id, names in fetched(TOUCHED.format(built=BUILT), _instants(shown, wanted)):
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
