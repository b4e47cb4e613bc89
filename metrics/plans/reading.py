"""Plans' flows as they were counted last, and pages of the rows behind them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from metrics.evidence.held import instant
from metrics.evidence.pages import BUILT, PAGE, fetched
from metrics.periods import shift
from metrics.plans.flows import flows
from metrics.plans.standing import KINDS, Moved
from metrics.queries import Shown

DIMENSIONS = ("plan", "interval")
# Each plan is named once, in its first month.
MOVED = f"""
WITH moved AS MATERIALIZED (
    SELECT month, plan, {", ".join(f"{kind}_micro" for kind in KINDS)}, holders, churned,
        row_number() OVER (PARTITION BY plan ORDER BY month) AS place
    FROM metrics_planflow
    WHERE organization_id = %(organization)s AND dimension = %(dimension)s AND currency = %(currency)s
)
SELECT month, plan, {", ".join(f"{kind}_micro" for kind in KINDS)}, holders, churned,
    named.product, named.price
FROM moved LEFT JOIN LATERAL (
    SELECT product.name AS product, price.nickname AS price
    FROM billing_sync_connection AS account
    JOIN billing_sync_price AS price ON price.organization_id = account.organization_id
        AND price.connection_id = account.id AND price.stripe_id = plan
    LEFT JOIN billing_sync_product AS product ON product.organization_id = price.organization_id
        AND product.connection_id = price.connection_id AND product.stripe_id = price.product_id
    WHERE account.organization_id = %(organization)s ORDER BY price.connection_id LIMIT 1
) AS named ON place = 1
ORDER BY month, plan
"""  # noqa: S608 - constants of this module, as below
PAIRS = """
SELECT giver, taker, count(*), sum(amount_micro), sum(change_micro) FROM metrics_planmove
WHERE organization_id = %(organization)s AND dimension = %(dimension)s AND currency = %(currency)s
  AND month = %(month)s
GROUP BY giver, taker ORDER BY 4 DESC, 1, 2
"""
NAMED = """
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
"""
NAME = "coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)"
MOVERS = f"""
SELECT page.giver, page.taker, page.connection_id, page.customer_id, page.amount_micro, page.change_micro,
    {NAME}
FROM (
    SELECT giver, taker, connection_id, customer_id, amount_micro, change_micro FROM metrics_planmove
    WHERE organization_id = %(organization)s AND dimension = %(dimension)s AND currency = %(currency)s
      AND month = %(month)s AND (%(giver)s::text IS NULL OR giver = %(giver)s)
      AND (%(taker)s::text IS NULL OR taker = %(taker)s) {{beyond}}
    ORDER BY giver, taker, connection_id, customer_id LIMIT %(limit)s
) AS page {NAMED}
ORDER BY page.giver, page.taker, page.connection_id, page.customer_id
"""  # noqa: S608
BEYOND_MOVER = "AND (giver, taker, connection_id, customer_id) > (%(a)s, %(b)s, %(connection)s, %(customer)s)"
# Of these movements a part may have come from another plan, which the core tells.
CHANGED = f"""
SELECT page.date, page.connection_id, page.customer_id, page.legs::text, {NAME}
FROM (
    SELECT date, connection_id, customer_id, legs FROM metrics_movement
    WHERE {BUILT} AND date >= %(month)s AND date < %(end)s AND currency = %(currency)s AND kind = %(kind)s
      AND EXISTS (SELECT FROM jsonb_array_elements(legs) AS leg WHERE leg ->> 2 = ANY(%(prices)s)) {{beyond}}
    ORDER BY date, connection_id, customer_id LIMIT %(limit)s
) AS page {NAMED}
ORDER BY page.date, page.connection_id, page.customer_id
"""  # noqa: S608
BEYOND_CHANGED = "AND (date, connection_id, customer_id) > (%(on)s, %(connection)s, %(customer)s)"
HOLDERS = f"""
SELECT page.connection_id, page.customer_id, page.amount_micro, {NAME}
FROM (
    SELECT connection_id, customer_id, sum(mrr_micro)::bigint AS amount_micro FROM metrics_segment
    WHERE {BUILT} AND currency = %(currency)s AND {{of_plan}} AND mrr_micro <> 0
      AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s) {{beyond}}
    GROUP BY connection_id, customer_id ORDER BY connection_id, customer_id LIMIT %(limit)s
) AS page {NAMED}
ORDER BY page.connection_id, page.customer_id
"""  # noqa: S608
OF_PLAN = {"plan": "price_id = %(plan)s", "interval": '"interval" = %(plan)s'}
BEYOND_HOLDER = "AND (connection_id, customer_id) > (%(connection)s, %(customer)s)"
INTERVALS = """
SELECT price.stripe_id, price.interval_count || ' ' || price.interval
FROM billing_sync_connection AS account
JOIN billing_sync_price AS price ON price.organization_id = account.organization_id
    AND price.connection_id = account.id
WHERE account.organization_id = %(organization)s AND price.interval <> ''
ORDER BY price.connection_id DESC
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A month of a currency, and whether a plan is a price or all that bills at one interval."""

    currency: str
    dimension: str
    month: date


@dataclass(frozen=True, slots=True)
class Pair:
    """What went from one plan to another: whose, how much, and by what their MRR changed with it."""

    giver: str
    taker: str
    customers: int
    amount_micro: int
    change_micro: int


@dataclass(frozen=True, slots=True)
class Row:
    """One customer's part of a figure; `place` is where it stands among all of them."""

    place: tuple[Any, ...]
    connection_id: UUID
    customer_id: str
    amount_micro: int
    name: str
    on: date | None = None
    giver: str = ""
    taker: str = ""
    change_micro: int = 0


def moved(shown: Shown, currency: str, dimension: str) -> tuple[list[Moved], dict[str, tuple[str, str]]]:
    """Return what every month did to every plan, and the names of their products and prices."""
    bound = {"organization": shown.organization_id, "dimension": dimension, "currency": currency}
    found, names = [], {}
    for month, plan, *amounts, holders, churned, product, price in fetched(MOVED, bound):
        found.append(Moved(month, plan, tuple(map(int, amounts)), holders, churned))
        if product is not None or price is not None:
            names[plan] = (product or "", price or "")
    return found, names


def pairs(shown: Shown, wanted: Wanted) -> list[Pair]:
    """Return what a month's customers took from one plan to another, the largest first."""
    found = fetched(PAIRS, _bound(shown, wanted))
    return [Pair(giver, taker, count, int(sum_), int(change)) for giver, taker, count, sum_, change in found]


def movers(
    shown: Shown, wanted: Wanted, giver: str | None, taker: str | None, after: tuple[Any, ...] | None = None
) -> list[Row]:
    """Return a page and one more of who went from a plan or to one."""
    bound = _bound(shown, wanted) | {"giver": giver, "taker": taker}
    if after:
        bound |= dict(zip(("a", "b", "connection", "customer"), after, strict=True))
    found = fetched(MOVERS.format(beyond=BEYOND_MOVER if after else ""), bound)
    return [
        Row((one, other, account, customer), account, customer, amount, name, None, one, other, change)
        for one, other, account, customer, amount, change, name in found
    ]


def changed(
    shown: Shown, wanted: Wanted, plan: str, kind: str, after: tuple[Any, ...] | None = None
) -> list[Row]:
    """Return a page and one more of who expanded or contracted on a plan, what moved left out."""
    intervals = intervals_of(shown) if wanted.dimension == "interval" else {}
    found: list[Row] = []
    while len(found) <= PAGE:
        some = list(_changed(shown, wanted, _prices(plan, intervals), kind, after))
        for on, account, customer, legs, name in some:
            amount = _of_plan(legs, plan, kind, intervals)
            if amount:
                found.append(Row((on, account, customer), account, customer, amount, name, on))
        if len(some) <= PAGE:
            break
        after = some[-1][:3]
    return found[: PAGE + 1]


def _changed(
    shown: Shown, wanted: Wanted, prices: list[str], kind: str, after: tuple[Any, ...] | None
) -> Iterator[tuple[Any, ...]]:
    bound = _bound(shown, wanted) | {"end": shift(wanted.month, 1), "kind": kind, "prices": prices}
    if after:
        bound |= dict(zip(("on", "connection", "customer"), after, strict=True))
    yield from fetched(CHANGED.format(beyond=BEYOND_CHANGED if after else ""), bound)


def _of_plan(legs: str, plan: str, kind: str, intervals: Mapping[str, str]) -> int:
    """Return what of a movement is expansion or contraction of one plan."""
    plans: dict[str, int] = {}
    for _subscription, _item, price, _product, amount in json.loads(legs):
        name = intervals.get(price, "") if intervals else price
        plans[name] = plans.get(name, 0) + amount
    told, _moves = flows(kind, {name: delta for name, delta in plans.items() if delta})
    return sum(one.amount_micro for one in told if (one.plan, one.kind) == (plan, kind))


def holders(
    shown: Shown, wanted: Wanted, plan: str, on: date, after: tuple[Any, ...] | None = None
) -> list[Row]:
    """Return a page and one more of who holds a plan at the end of a day."""
    at = datetime.fromtimestamp(instant(shown, on), UTC)
    bound = _bound(shown, wanted) | {"at": at, "plan": plan}
    if after:
        bound |= dict(zip(("connection", "customer"), after, strict=True))
    beyond = BEYOND_HOLDER if after else ""
    found = fetched(HOLDERS.format(of_plan=OF_PLAN[wanted.dimension], beyond=beyond), bound)
    return [
        Row((account, customer), account, customer, amount, name) for account, customer, amount, name in found
    ]


def intervals_of(shown: Shown) -> dict[str, str]:
    """Return how each price bills, such as 3 month; of two accounts' one price the first's."""
    return dict(fetched(INTERVALS, {"organization": shown.organization_id}))


def _prices(plan: str, intervals: Mapping[str, str]) -> list[str]:
    return [price for price, one in intervals.items() if one == plan] if intervals else [plan]


def _bound(shown: Shown, wanted: Wanted) -> dict[str, Any]:
    return {
        "organization": shown.organization_id,
        "dimension": wanted.dimension,
        "currency": wanted.currency,
        "month": wanted.month,
        "limit": PAGE + 1,
    }
