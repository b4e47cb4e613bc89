"""Who holds a balance: every customer's part of MRR, ARR, committed MRR or contracted ARR at an instant.

What all hold together is known from the tables of sums, so a page reads its own rows: of the present from
the customers' balances, of MRR in the past from the movements that held then, the largest first. Else, and
of one plan, it reads segments, in the order of the customers' ids.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from metrics.core.intervals import day_start
from metrics.evidence.pages import BUILT, PAGE, Held, Page, fetched
from metrics.evidence.sums import FEW, Standing, plan_micro
from metrics.queries import Shown

# The column of a customer's balance, what it is among segments, and what one unit of it counts.
FIGURES = {
    "mrr": ("mrr_micro", "sum(mrr_micro)", 1),
    "arr": ("mrr_micro", "sum(mrr_micro)", 12),
    "committed_mrr": ("committed_micro", "sum(committed_micro)", 1),
    "contracted_arr": ("contracted_micro", "coalesce(sum(mrr_micro) FILTER (WHERE contracted), 0)", 12),
}
COUNTED = 10_000
LARGEST = 2**63 - 1
NAMED = """
    SELECT page.amount_micro, page.connection_id, page.customer_id,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
    FROM ({page}) AS page
    LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
        AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
    ORDER BY {order}
"""
BY_AMOUNT = "amount_micro DESC, connection_id DESC, customer_id DESC"
BY_CUSTOMER = "connection_id, customer_id"
BEYOND = (
    "AND ({amount}, connection_id, customer_id) < (%(amount)s::bigint, %(connection)s::uuid, %(customer)s)"
)
BEYOND_CUSTOMER = "AND (connection_id, customer_id) > (%(connection)s::uuid, %(customer)s)"
BALANCES = f"""
    SELECT {{amount}} AS amount_micro, connection_id, customer_id FROM metrics_customerbalance
    WHERE {BUILT} AND currency = %(currency)s AND {{amount}} <> 0 {{beyond}}
    ORDER BY {{amount}} DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
"""  # noqa: S608 - constants of this module, as below
COUNT = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM metrics_customerbalance
        WHERE {BUILT} AND currency = %(currency)s AND {{amount}} <> 0 LIMIT {COUNTED + 1}
    ) AS counted
"""  # noqa: S608
MOVEMENTS = f"""
    SELECT after_micro AS amount_micro, connection_id, customer_id FROM metrics_movement
    WHERE {BUILT} AND currency = %(currency)s AND after_micro <> 0
      AND date <= %(on)s AND (until IS NULL OR until > %(on)s) {{beyond}}
    ORDER BY after_micro DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
"""  # noqa: S608
# The first days of a long history are few rows by date, and many of the index by amount.
EARLY = f"""
    WITH early AS MATERIALIZED (
        SELECT after_micro, connection_id, customer_id FROM metrics_movement
        WHERE {BUILT} AND currency = %(currency)s AND date <= %(on)s AND (until IS NULL OR until > %(on)s)
    )
    SELECT after_micro AS amount_micro, connection_id, customer_id FROM early
    WHERE after_micro <> 0 {{beyond}}
    ORDER BY after_micro DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
"""  # noqa: S608
HOLDING = """currency = %(currency)s AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)
      AND (%(plan)s = '' OR price_id = %(plan)s)"""
# Who has anything by then has moved by then, but for what is signed and has not started.
FEW_HELD = f"""
    WITH known AS MATERIALIZED (
        SELECT connection_id, customer_id FROM metrics_movement
        WHERE {BUILT} AND currency = %(currency)s AND date <= %(on)s
        UNION
        SELECT connection_id, customer_id FROM metrics_segment
        WHERE {BUILT} AND currency = %(currency)s AND from_at <= %(at)s
          AND mrr_micro = 0 AND committed_micro <> 0
    ), held AS MATERIALIZED (
        SELECT connection_id, customer_id, one.amount_micro FROM known CROSS JOIN LATERAL (
            SELECT {{sum}} AS amount_micro FROM metrics_segment
            WHERE {BUILT} AND connection_id = known.connection_id AND customer_id = known.customer_id
              AND {HOLDING}
        ) AS one WHERE one.amount_micro <> 0
    )
"""  # noqa: S608
FEW_TOTAL = "SELECT count(*), coalesce(sum(amount_micro), 0) FROM held"
FEW_PAGE = f"""
    SELECT amount_micro, connection_id, customer_id FROM held WHERE true {{beyond}}
    ORDER BY {BY_AMOUNT} LIMIT %(limit)s
"""  # noqa: S608
SEGMENTS = f"""
    SELECT {{sum}} AS amount_micro, connection_id, customer_id FROM metrics_segment
    WHERE {BUILT} AND currency = %(currency)s AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)
      {{plan}} {{contracted}} {{beyond}}
    GROUP BY connection_id, customer_id HAVING {{sum}} <> 0
    ORDER BY connection_id, customer_id LIMIT %(limit)s
"""  # noqa: S608
Key = tuple[int, UUID, str]


@dataclass(frozen=True, slots=True)
class Balance:
    """Which balance: the figure, its currency, the local day at whose end it stands, and the plan, if one."""

    figure: str
    currency: str
    on: date
    plan: str = ""


def instant(shown: Shown, on: date) -> int:
    """Return the last second of a local day, or the one to which the numbers run where that is earlier."""
    end = day_start(on + timedelta(days=1), shown.zone) - 1
    computed_at = shown.freshness.computed_at
    return end if computed_at is None else min(end, int(computed_at.timestamp()))


def holders(
    shown: Shown, known: Standing, balance: Balance, after: Key | None = None, few: int = FEW
) -> Page[Held]:
    """Return a page of the customers who hold a balance; `known` is how all stand together on its day.

    They come the largest first, or `by_customer`; a count or a total that only many rows would tell is None.
    """
    bound = _bound(shown, balance, after)
    if not balance.plan and is_present(shown, balance.on):
        return _present(balance, known, bound, after)
    if not balance.plan and balance.figure in ("mrr", "arr"):
        statement = EARLY if known.movements <= few else MOVEMENTS
        beyond = BEYOND.format(amount="after_micro") if after else ""
        lines = _named(statement.format(beyond=beyond), BY_AMOUNT, bound, balance)
        return _page(lines, known.customers, known.amount_micro(balance.figure))
    if known.movements <= few:
        return _few(balance, bound, after)
    return _by_customer(shown, balance, known, bound, after)


def is_present(shown: Shown, on: date) -> bool:
    """Say whether a day's end is the instant to which the numbers run."""
    computed_at = shown.freshness.computed_at
    return computed_at is not None and instant(shown, on) == int(computed_at.timestamp())


def _present(balance: Balance, known: Standing, bound: dict[str, Any], after: Key | None) -> Page[Held]:
    column = FIGURES[balance.figure][0]
    beyond = BEYOND.format(amount=column) if after else ""
    lines = _named(BALANCES.format(amount=column, beyond=beyond), BY_AMOUNT, bound, balance)
    count: int | None = known.customers
    if column != "mrr_micro":
        ((count,),) = fetched(COUNT.format(amount=column), bound)
        count = count if count is not None and count <= COUNTED else None
    return _page(lines, count, known.amount_micro(balance.figure))


def _few(balance: Balance, bound: dict[str, Any], after: Key | None) -> Page[Held]:
    """Sum the segments of everyone who had moved by then."""
    _, found, times = FIGURES[balance.figure]
    held = FEW_HELD.format(sum=found)
    ((count, total),) = fetched(held + FEW_TOTAL, bound)
    beyond = BEYOND.format(amount="amount_micro") if after else ""
    lines = _named(held + FEW_PAGE.format(beyond=beyond), BY_AMOUNT, bound, balance)
    return _page(lines, count, times * int(total))


def _by_customer(
    shown: Shown, balance: Balance, known: Standing, bound: dict[str, Any], after: Key | None
) -> Page[Held]:
    """Read on from a customer; whether another holds anything at all is known beforehand."""
    column, found, times = FIGURES[balance.figure]
    total: int | None = known.amount_micro(balance.figure)
    if balance.plan:
        mrr = plan_micro(shown, balance.currency, balance.plan, balance.on)
        total = mrr * times if column == "mrr_micro" and mrr is not None else None
    statement = SEGMENTS.format(
        sum=found,
        plan="AND price_id = %(plan)s" if balance.plan else "",
        contracted="AND contracted" if column == "contracted_micro" else "",
        beyond=BEYOND_CUSTOMER if after else "",
    )
    lines = [] if total == 0 else _named(statement, BY_CUSTOMER, bound, balance)
    return _page(lines, None, total, by_customer=True)


def _named(page: str, order: str, bound: dict[str, Any], balance: Balance) -> list[Held]:
    times = FIGURES[balance.figure][2]
    rows = fetched(
        NAMED.format(page=page, order=", ".join(f"page.{one}" for one in order.split(", "))), bound
    )
    return [Held(times * int(amount), *who) for amount, *who in rows]


def _page(
    lines: list[Held], count: int | None, total_micro: int | None, *, by_customer: bool = False
) -> Page[Held]:
    return Page(lines[:PAGE], count, total_micro, len(lines) > PAGE, by_customer)


def _bound(shown: Shown, balance: Balance, after: Key | None) -> dict[str, Any]:
    bound = {
        "organization": shown.organization_id,
        "currency": balance.currency,
        "on": balance.on,
        "at": datetime.fromtimestamp(instant(shown, balance.on), UTC),
        "plan": balance.plan,
        "limit": PAGE + 1,
    }
    if after is None:
        return bound
    amount, connection_id, customer_id = after
    # A key is in the figure's own units, which the tables hold a twelfth of.
    stored, rest = divmod(amount, FIGURES[balance.figure][2])
    key = (stored + 1, UUID(int=0), "") if rest else (stored, connection_id, customer_id)
    return bound | {
        "amount": max(-LARGEST, min(key[0], LARGEST)),
        "connection": key[1],
        "customer": key[2],
    }
