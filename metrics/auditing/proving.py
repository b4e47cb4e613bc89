"""Whether a range's movements and balances are what its segments make, told by sums alone.

Nobody's changes are put in order, and neither side is joined with the other. Every customer's day has a
number, and what must hold of all rows is told by sums of such numbers, each side read once:

- Amounts. What a segment adds on the day it begins, and takes back on the day it ends, is weighed by the
  number of that day, and so is each stored amount. What nets to nothing weighs nothing; the sums are one
  where every day's amounts are.
- Order. Each movement leads to the day of its `until`, with what it leaves, and must be awaited there by one
  that starts from as much. Only a customer's first starts from nothing on a day that nobody leads to; the
  segments tell that day. No movement leads backwards: so each customer's are one chain.
- Kinds follow from the amounts before and after; whether a first one is `new` is told by the segments.
- Balances weigh what the open segments do. They are held since a day on which a movement starts from
  nothing, and after which none starts from nothing or ends there.

A row that is wrong, missing or one too many changes a sum. Its range is then compared row by row, which
costs several times as much.
"""

# ruff: noqa: S608 - every part is written here, and values are bound

from dataclasses import dataclass
from typing import Any

from metrics.auditing.statements import COUNTED, DAY, RANGE

Rows = list[tuple[Any, ...]]
# A customer's MRR in one currency. Two that share a number cost a comparison row by row, no more.
HOLDER = "hashtextextended(customer_id, hashtext(currency))"


def _number(value: str, of: str = "holder") -> str:
    """Return 64 bits that depend on a value and on whose it is; nothing for no value."""
    return f"hashint8extended({value}, {of})"


def _weight(number: str) -> str:
    """Return the 30 bits of a number that an amount is weighed by."""
    return f"({number} >> 34)"


def _weighed(amount: str, weight: str, where: str = "true") -> str:
    """Return the exact sum of weighed amounts; by halves, since those fit 64 bits with a weight."""
    high, low = (
        f"coalesce(sum(({amount} {half}) * {weight}) FILTER (WHERE {where}), 0)"
        for half in (">> 32", "& 4294967295")
    )
    return f"{high} * 4294967296 + {low}"


def _squared(amount: str) -> str:
    """Return the exact sum of squares, by halves as well: (2³¹·high + low)²."""
    high, low = f"({amount} >> 31)", f"({amount} & 2147483647)"
    return (
        f"sum({high} * {high}) * 4611686018427387904 + sum({high} * {low}) * 4294967296 + sum({low} * {low})"
    )


# What each of a customer's amounts is weighed by.
MRR, COMMITTED, CONTRACTED = (_weight(_number(seed)) for seed in "123")
CHANGE = f"({_weight(_number('begun'))} - coalesce({_weight(_number('ended'))}, 0))"
OPEN = "ended IS NULL"
# A segment that ends on the day it begins nets to nothing there; the first other one makes a movement.
LASTS = "ended IS DISTINCT FROM begun"
START = _number("0", _number("first"))
# Sums by what begins on a day or in a month, less those by what ends there.
KEY, WAY = "coalesce(begun, ended)", "(1 - 2 * grouping(begun))"

# Parts of one answer: sums of all, first days, the months' plans, and what is committed beyond MRR or
# contracted, day by day.
SEGMENTS = f"""
WITH counted AS MATERIALIZED (
    SELECT {HOLDER} AS holder, currency, price_id, product_id, contracted, mrr_micro AS mrr,
        committed_micro AS committed, {DAY.format(at="from_at")} AS begun,
        CASE WHEN to_at <= %(computed_at)s THEN {DAY.format(at="to_at")} END AS ended
    FROM metrics_segment WHERE {RANGE} AND {COUNTED} AND (mrr_micro <> 0 OR committed_micro <> 0)
)
SELECT 'whole', NULL::text, NULL::int, NULL::text, NULL::text, ARRAY[
    coalesce(min(begun), 1), count(*) FILTER (WHERE mrr < 0 OR ended < begun), {_weighed("mrr", CHANGE)},
    {_weighed("mrr", MRR, OPEN)}, {_weighed("committed", COMMITTED, OPEN)},
    {_weighed("mrr", CONTRACTED, f"{OPEN} AND contracted")}
] FROM counted
UNION ALL
SELECT 'first', NULL, NULL, NULL, NULL,
    ARRAY[coalesce(sum({START}), 0), coalesce(sum({START}) FILTER (WHERE first = appeared), 0)]
FROM (
    SELECT holder, min(begun) AS appeared, min(begun) FILTER (WHERE {LASTS}) AS first
    FROM counted WHERE mrr <> 0 GROUP BY holder
) AS held
UNION ALL
SELECT 'price', currency, {KEY}, price_id, product_id, ARRAY[{WAY} * sum(mrr), {WAY} * sum(items)]
FROM (
    SELECT currency, price_id, product_id, (%(months)s::int[])[begun] AS begun,
        (%(months)s::int[])[ended] AS ended, sum(mrr) AS mrr, count(*) AS items
    FROM counted WHERE mrr <> 0 GROUP BY 1, 2, 3, 4, 5
) AS monthly
GROUP BY GROUPING SETS ((currency, price_id, product_id, begun), (currency, price_id, product_id, ended))
HAVING {KEY} IS NOT NULL
UNION ALL
SELECT 'apart', currency, {KEY}, NULL, NULL, ARRAY[
    {WAY} * sum(committed - mrr), {WAY} * coalesce(sum(mrr) FILTER (WHERE contracted), 0)
]
FROM counted WHERE committed <> mrr OR contracted
GROUP BY GROUPING SETS ((currency, begun), (currency, ended)) HAVING {KEY} IS NOT NULL
"""

# A kind that its amounts do not make, and what starts from nothing or ends after its customer's `since`.
WRONG = """until <= key OR amount = 0 OR key > since OR CASE
    WHEN before = 0 THEN kind NOT IN ('new', 'reactivation') WHEN after = 0 THEN kind <> 'churn'
    WHEN amount > 0 THEN kind <> 'expansion' ELSE kind <> 'contraction' END"""
# A balance of nothing has no row; one of MRR has a day since when.
ODD = "CASE WHEN mrr = 0 THEN committed = 0 OR since IS NOT NULL ELSE since IS NULL END"

# Parts of one answer: flows by currency, day and kind, what must hold of them all, and the balances.
ROWS = f"""
WITH balance AS MATERIALIZED (
    SELECT {HOLDER} AS holder, mrr_micro AS mrr, committed_micro AS committed,
        contracted_micro AS contracted, since - %(first)s::date + 1 AS since
    FROM metrics_customerbalance WHERE {RANGE}
),
flow AS MATERIALIZED (
    SELECT currency, key, kind, abs(sum(amount)) AS amount, count(*) AS customers,
        {_squared("amount")} AS squares, {_weighed("amount", _weight("number"))} AS weighed,
        sum({_number("before", "number")}) AS awaited, coalesce(sum({_number("after", "ends")}), 0) AS led,
        count(*) FILTER (WHERE key = since AND before = 0) AS standing,
        count(*) FILTER (WHERE {WRONG}) AS wrong
    FROM (
        SELECT movement.*, since, {_number("key", "movement.holder")} AS number,
            {_number("until", "movement.holder")} AS ends
        FROM (
            SELECT {HOLDER} AS holder, currency, date - %(first)s::date + 1 AS key, kind,
                amount_micro AS amount, after_micro AS after, after_micro - amount_micro AS before,
                until - %(first)s::date + 1 AS until
            FROM metrics_movement WHERE {RANGE} OFFSET 0
        ) AS movement LEFT JOIN balance
            ON balance.holder = CASE WHEN before = 0 OR after = 0 THEN movement.holder END OFFSET 0
    ) AS stored GROUP BY currency, key, kind
)
SELECT 'flow', currency, key, kind, ARRAY[amount, customers, squares] FROM flow
UNION ALL
SELECT 'whole', NULL, NULL, NULL, ARRAY[
    coalesce(sum(customers), 0), coalesce(sum(wrong), 0), coalesce(sum(standing), 0),
    coalesce(sum(weighed), 0), coalesce(sum(awaited) - sum(led), 0),
    coalesce(sum(awaited) FILTER (WHERE kind = 'new'), 0)
] FROM flow
UNION ALL
SELECT 'balance', NULL, NULL, NULL, ARRAY[
    count(*), count(*) FILTER (WHERE {ODD}), count(*) FILTER (WHERE mrr <> 0), {_weighed("mrr", MRR)},
    {_weighed("committed", COMMITTED)}, {_weighed("contracted", CONTRACTED)}
] FROM balance
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """One range as both sides tell it: whether those agree, and what its rows sum to by part and key.

    `flows` are the stored movements by currency, day and kind: amounts, how many, and squares. `sums` are of
    what is committed beyond MRR and contracted, by currency and day, and of MRR and items, by currency,
    month, price and product.
    """

    agrees: bool
    first: int
    rows: int
    flows: Rows
    sums: Rows


def prove(segments: Rows, rows: Rows) -> Proof:
    """Compare what the two statements told of a range."""
    made, stored = ({row[0]: row[-1] for row in answer} for answer in (segments, rows))
    first, unlike, weighed, *open_today = made["whole"]
    movements, wrong, standing, *chained = stored["whole"]
    balances, odd, holders, *held = stored["balance"]
    due, found = [weighed, *made["first"], *open_today], [*chained, *held]
    agrees = not (unlike or wrong or odd) and standing == holders and due == found
    flows = [row for row in rows if row[0] == "flow"]
    sums = [row for row in segments if row[0] in ("price", "apart")]
    return Proof(agrees, int(first), int(movements + balances), flows, sums)
