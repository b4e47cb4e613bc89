"""Whether a range's movements and balances are what its segments make, told by sums and checksums.

Each side is read once and neither is joined: every expected row and every stored row becomes a number
that depends on all its columns, and the numbers are added. One row that is wrong, missing or one too many
changes a sum; the range is then compared row by row, which costs several times as much.
"""

# ruff: noqa: S608 - every part is written here, and values are bound

from dataclasses import dataclass
from typing import Any

from metrics.auditing.snapshot import fetch
from metrics.auditing.statements import COUNTED, DAY, RANGE

Rows = list[tuple[Any, ...]]
# A customer's MRR in one currency. Two that share a number cost a comparison row by row, no more.
HOLDER = "hashtextextended(customer_id, hashtext(currency))"
KINDS = ("new", "reactivation", "churn", "expansion", "contraction")


def _row(amount: str, after: str, key: str, kind: str) -> str:
    """Return the number of a movement: of whom, on what day, of what kind, by how much, to what."""
    return f"hashint8extended({amount}, hashint8extended({after}, holder # ({key}::bigint << 3) # {kind}))"


def _day(key: str) -> str:
    """Return the number of a customer's day, or nothing for no day."""
    return f"hashint8extended({key}::bigint, holder)"


# Changes in the order of customer and day. A day that nets to nothing is no movement, and yet what comes
# after it is a return; `moved` counts the movements so far.
RUNNING = f"""
SELECT holder, key, mrr, (sum(mrr) OVER so_far)::bigint AS after, row_number() OVER so_far AS place,
    count(nullif(mrr, 0)) OVER so_far AS moved
FROM (
    SELECT holder, key, sum(mrr)::bigint AS mrr FROM (
        SELECT holder, {DAY.format(at="at")} AS key, way * mrr_micro AS mrr
        FROM (
            SELECT {HOLDER} AS holder, from_at, to_at, mrr_micro FROM metrics_segment
            WHERE {RANGE} AND {COUNTED} AND mrr_micro <> 0 OFFSET 0
        ) AS counted CROSS JOIN LATERAL (VALUES (from_at, 1), (to_at, -1)) AS bound (at, way)
        WHERE at <= %(computed_at)s ORDER BY 1, 2 OFFSET 0
    ) AS change GROUP BY holder, key
) AS netted WINDOW so_far AS (PARTITION BY holder ORDER BY key ROWS UNBOUNDED PRECEDING)
"""
KIND = """CASE WHEN after = mrr THEN CASE place WHEN 1 THEN 1 ELSE 2 END
    WHEN after = 0 THEN 3 WHEN mrr > 0 THEN 4 ELSE 5 END"""

# Movements, their numbers, the days on which others end, and who is left with what since when.
EXPECTED = f"""
SELECT coalesce(min(first), 1), coalesce(sum(rows), 0), coalesce(sum(numbers), 0),
    coalesce(sum(days), 0), count(*) FILTER (WHERE mrr <> 0),
    coalesce(sum({_row("mrr", "0", "since", "0")}) FILTER (WHERE mrr <> 0), 0)
FROM (
    SELECT holder, min(key) AS first, count(*) FILTER (WHERE mrr <> 0) AS rows, sum(mrr)::bigint AS mrr,
        sum({_row("mrr", "after", "key", KIND)}) FILTER (WHERE mrr <> 0) AS numbers,
        sum({_day("key")}) FILTER (WHERE mrr <> 0 AND moved > 1) AS days,
        max(key) FILTER (WHERE mrr <> 0 AND after = mrr) AS since
    FROM ({RUNNING}) AS running GROUP BY holder
) AS held
"""

# A movement ends on a later day, and on that of another of its customer's: so there is but one way.
LEDGER = f"""
SELECT currency, key, kind, sum(abs(amount_micro)), count(*), sum(amount_micro::numeric * amount_micro),
    sum({_row("amount_micro", "after_micro", "key", "code")}), coalesce(sum({_day("until")}), 0),
    coalesce(bool_or(until <= key), false)
FROM (
    SELECT {HOLDER} AS holder, currency, date - %(first)s::date + 1 AS key, kind, amount_micro, after_micro,
        until - %(first)s::date + 1 AS until,
        CASE kind {" ".join(f"WHEN '{kind}' THEN {code}" for code, kind in enumerate(KINDS, 1))}
            ELSE 0 END AS code
    FROM metrics_movement WHERE {RANGE}
) AS movement GROUP BY currency, key, kind
"""

# What is committed beyond MRR, and contracted, is weighed by a number of the customer's and added.
WEIGHED = "sum({} * (holder >> 32 | 1)::numeric)"
BALANCES = f"""
SELECT count(*), count(*) FILTER (WHERE mrr_micro <> 0),
    coalesce(sum({_row("mrr_micro", "0", "since", "0")}) FILTER (WHERE mrr_micro <> 0), 0),
    coalesce({WEIGHED.format("beyond_micro")} FILTER (WHERE beyond_micro <> 0), 0),
    coalesce({WEIGHED.format("contracted_micro")} FILTER (WHERE contracted_micro <> 0), 0),
    coalesce(bool_or(CASE WHEN mrr_micro = 0 THEN committed_micro = 0 OR since IS NOT NULL
        ELSE since IS NULL END), false)
FROM (
    SELECT {HOLDER} AS holder, mrr_micro, committed_micro, committed_micro - mrr_micro AS beyond_micro,
        contracted_micro, since - %(first)s::date + 1 AS since
    FROM metrics_customerbalance WHERE {RANGE}
) AS balance
"""

# The same of the segments, by day: few are committed to more than they pay, or contracted.
APART = f"""
SELECT currency, {DAY.format(at="at")} AS key, sum(way * (committed_micro - mrr_micro)),
    coalesce(sum(way * mrr_micro) FILTER (WHERE contracted), 0),
    {WEIGHED.format("way * (committed_micro - mrr_micro)")},
    coalesce({WEIGHED.format("way * mrr_micro")} FILTER (WHERE contracted), 0)
FROM (
    SELECT {HOLDER} AS holder, currency, contracted, from_at, to_at, mrr_micro, committed_micro
    FROM metrics_segment
    WHERE {RANGE} AND {COUNTED} AND (committed_micro <> mrr_micro OR contracted AND mrr_micro <> 0) OFFSET 0
) AS counted CROSS JOIN LATERAL (VALUES (from_at, 1), (to_at, -1)) AS bound (at, way)
WHERE at <= %(computed_at)s GROUP BY currency, key
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """One range as both sides tell it: what its segments make, what is stored, and whether those agree.

    `flows` are the stored movements by currency, day and kind: amounts, how many, and squares.
    """

    agrees: bool
    first: int
    rows: int
    flows: Rows
    apart: Rows


def prove(part: dict[str, Any]) -> Proof:
    """Read both sides of a range."""
    first, *expected = fetch(EXPECTED, part)[0]
    ledger, apart = fetch(LEDGER, part), fetch(APART, part)
    balances, *standing, odd = fetch(BALANCES, part)[0]
    due = [*expected, _total(apart, 4), _total(apart, 5)]
    stored = [*(_total(ledger, place) for place in (4, 6, 7)), *standing]
    agrees = not odd and not any(row[8] for row in ledger) and due == stored
    flows = [row[:6] for row in ledger]
    earliest = min([first, *(row[1] for row in apart)])
    return Proof(agrees, earliest, _total(ledger, 4) + balances, flows, [row[:4] for row in apart])


def _total(rows: Rows, place: int) -> int:
    """Return a column's exact sum; sums of decimals would be rounded."""
    return sum(int(row[place]) for row in rows)
