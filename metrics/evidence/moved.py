"""The movements behind a sum: by local day as they are stored, or netted anew as a month's setting says.

What they come to is known from the tables of sums, so a page reads the newest days that fill it. What narrows
them otherwise is read and summed where they are some thousands; of more, a page looks through some days.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from metrics.evidence import anew
from metrics.evidence.narrowing import Narrowed
from metrics.evidence.pages import BUILT, PAGE, Moved, Page, fetched
from metrics.evidence.sums import FEW, Period, days
from metrics.evidence.wanted import Key, Sum
from metrics.queries import Shown

# So many movements are summed one by one: a month of 100,000 customers.
SUMMED = 20_000
MOVED = """
    SELECT * FROM (
        SELECT date, connection_id, customer_id, kind, reasons, {amount} AS amount_micro FROM metrics_movement
        WHERE {built} AND date >= %(start)s AND date < %(end)s AND currency = %(currency)s {kind} {within}
    ) AS moved WHERE {beyond}
"""
LISTED = """
    WITH moved AS {materialized} ({moved}),
    page AS (
        SELECT * FROM moved {after} ORDER BY date DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
    )
    SELECT whole.*, page.date, page.connection_id, page.customer_id, page.kind, page.amount_micro,
        page.reasons,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
    FROM ({whole}) AS whole LEFT JOIN page ON true
    LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
        AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
    ORDER BY page.date DESC, page.connection_id DESC, page.customer_id DESC
"""
# Where all are summed, they are looked at once.
SUMMED_HERE = "SELECT count(*), coalesce(sum(amount_micro), 0) FROM moved"
NOT_SUMMED = "SELECT NULL::bigint, NULL::numeric"
AFTER = "WHERE (date, connection_id, customer_id) < (%(on)s, %(connection)s, %(customer)s)"


def moves(shown: Shown, wanted: Sum, after: Key | None = None, few: int | None = None) -> Page[Moved]:
    """Return a page of the movements that make up a sum, the newest first; `few` are summed one by one."""
    narrowed = Narrowed(shown, wanted)
    # Whoever is looked for by name is so few that the days tell nothing more.
    moved = [] if narrowed.payers is not None else days(shown, wanted.currency, wanted.start, wanted.end)
    count = sum(one.count("") for one in moved)
    if wanted.window == "day":
        page = _by_day(shown, wanted, narrowed, after, moved, SUMMED if few is None else few)
    elif wanted.window == "month" and count > (FEW if few is None else few):
        page = anew.by_customer(shown, wanted, narrowed, after)
    else:
        page = anew.netted(shown, wanted, narrowed, after)
    return replace(page, more_found=narrowed.payers is not None and narrowed.payers.more)


def _by_day(
    shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None, moved: Sequence[Period], few: int
) -> Page[Moved]:
    if not wanted.narrows:
        return _as_summed(shown, wanted, narrowed, after, moved)
    if narrowed.payers is not None or sum(one.count("") for one in moved) <= few:
        return _of_few(shown, wanted, narrowed, after)
    return _looked_through(shown, wanted, narrowed, after, moved, few)


def _as_summed(
    shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None, moved: Sequence[Period]
) -> Page[Moved]:
    needed = replace(wanted, start=_first_needed(wanted, after, moved))
    lines, *_ = _listed(shown, needed, narrowed, after)
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


def _of_few(shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None) -> Page[Moved]:
    """Sum the movements themselves: no table keeps what these come to."""
    lines, count, total = _listed(shown, wanted, narrowed, after, summed=True)
    return Page(lines[:PAGE], count, total, len(lines) > PAGE)


def _looked_through(
    shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None, moved: Sequence[Period], few: int
) -> Page[Moved]:
    """Look through the newest days that hold so many movements, and say where the next page goes on."""
    start, reached = wanted.start, 0
    for one in moved:
        if after is not None and (one.on > after[0] or (one.on == after[0] and not after[2])):
            continue
        if reached and reached + one.count("") > few:
            break
        start, reached = one.on, reached + one.count("")
    else:
        start = wanted.start
    lines, *_ = _listed(shown, replace(wanted, start=start), narrowed, after)
    if len(lines) > PAGE or start == wanted.start:
        return Page(lines[:PAGE], None, None, len(lines) > PAGE)
    return Page(lines, None, None, more=True, looked_to=(start, UUID(int=0), "", 0))


def _listed(
    shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None, *, summed: bool = False
) -> tuple[list[Moved], int | None, int | None]:
    """Return a page's rows and one more, and what all come to where they are summed."""
    statement = LISTED.format(
        moved=_moved(wanted, narrowed),
        after=AFTER if after else "",
        materialized="MATERIALIZED" if summed else "NOT MATERIALIZED",
        whole=SUMMED_HERE if summed else NOT_SUMMED,
    )
    rows = fetched(statement, _bound(shown, wanted, narrowed, after))
    lines = [
        Moved(on, connection_id, customer_id, 0, kind, int(amount), tuple(reasons), name)
        for _, _, on, connection_id, customer_id, kind, amount, reasons, name in rows
        if on is not None
    ]
    count, total = rows[0][:2]
    return lines, count, None if total is None else int(total)


def _moved(wanted: Sum, narrowed: Narrowed) -> str:
    return MOVED.format(
        built=BUILT,
        amount=narrowed.amount(),
        kind="AND kind = %(kind)s" if wanted.kind else "",
        within=narrowed.within(),
        beyond=narrowed.beyond(),
    )


def _bound(shown: Shown, wanted: Sum, narrowed: Narrowed, after: Key | None) -> dict[str, Any]:
    bound = narrowed.bound() | {
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
