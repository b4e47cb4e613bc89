"""Who holds MRR now, narrowed and ordered: every customer with the plans, the start and what is at risk.

Of a currency with some 100,000 holders, those that are left are counted and summed. Of more, the order's
index is read some thousands at a time: a page holds whom it found there, and the next goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from metrics.evidence.pages import BUILT, PAGE, Page, fetched
from metrics.evidence.search import FOUND, search_of
from metrics.exposure.diagnoses import CANCELING, PAST_DUE
from metrics.queries import Shown

# So many holders are counted and summed one by one.
COUNTED = 100_000
LOOKED = 5_000
ACTIVE = "active"
STATUSES = (ACTIVE, PAST_DUE, CANCELING)
LARGEST = 2**63 - 1
# What each order compares, and its way.
ORDERS = {
    "largest": ("amount_micro", "DESC"),
    "smallest": ("amount_micro", "ASC"),
    "oldest": ("since", "ASC"),
    "newest": ("since", "DESC"),
}
HOLDERS = f"""
    SELECT mrr_micro AS amount_micro, since, connection_id, customer_id
    FROM metrics_customerbalance WHERE {BUILT} AND currency = %(currency)s AND mrr_micro > 0
"""  # noqa: S608 - constants of this module, as below
NOW = "from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s) AND mrr_micro <> 0"
OF_PLAN = f"{BUILT} AND price_id = %(plan)s AND currency = %(currency)s AND {NOW}"
ON_PLAN = f"""
    SELECT connection_id, customer_id, sum(mrr_micro)::bigint AS amount_micro FROM metrics_segment
    WHERE {OF_PLAN} {{named}} GROUP BY connection_id, customer_id
"""  # noqa: S608
# To read the balance of everyone on a plan takes longer than all else: it is, where it bounds or orders few.
ON_PLAN_SINCE = f"""
    SELECT part.amount_micro, since, connection_id, customer_id
    FROM ({ON_PLAN}) AS part JOIN metrics_customerbalance USING (connection_id, customer_id)
    WHERE {BUILT} AND currency = %(currency)s
"""  # noqa: S608
LOOKED_AT = "SELECT * FROM looked"
# Of those looked at, their parts of a plan.
PARTS = f"""
    SELECT part.amount_micro, since, connection_id, customer_id FROM looked CROSS JOIN LATERAL (
        SELECT sum(mrr_micro)::bigint AS amount_micro FROM metrics_segment
        WHERE {OF_PLAN} AND metrics_segment.connection_id = looked.connection_id
            AND metrics_segment.customer_id = looked.customer_id
    ) AS part WHERE part.amount_micro <> 0
"""  # noqa: S608
WITHIN = f"""EXISTS (
    SELECT FROM metrics_customerbalance WHERE {BUILT} AND currency = %(currency)s
      AND metrics_customerbalance.connection_id = holder.connection_id
      AND metrics_customerbalance.customer_id = holder.customer_id {{bounds}}
)"""
RISK = """EXISTS (
    SELECT FROM metrics_exposure AS risk WHERE risk.organization_id = %(organization)s
      AND risk.connection_id = holder.connection_id AND risk.customer_id = holder.customer_id
      AND risk.currency = %(currency)s AND risk.diagnosis = ANY(%(diagnoses_{name})s)
)"""
# Of holders that are all gone through, hashing whom to leave out takes half the time of looking for each.
UNHURT = """(connection_id, customer_id) NOT IN (
    SELECT connection_id, customer_id FROM metrics_exposure WHERE organization_id = %(organization)s
      AND currency = %(currency)s AND diagnosis = ANY(%(diagnoses_out)s)
)"""
AT_HOME = """EXISTS (
    SELECT FROM metrics_customercountry AS home
    WHERE home.organization_id = %(organization)s AND home.connection_id = holder.connection_id
      AND home.customer_id = holder.customer_id AND home.country = %(country)s
)"""
NAMED = "(connection_id, customer_id) IN (SELECT connection_id, customer_id FROM found LIMIT %(found)s)"
SEARCHED = f"WITH found AS MATERIALIZED ({FOUND}), "
MORE_FOUND = "(SELECT count(*) > %(found)s FROM found)"
TOLD = f"""
    SELECT page.amount_micro, balance.mrr_micro, balance.since, page.connection_id, page.customer_id,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id),
        ARRAY(SELECT price_id FROM metrics_segment WHERE {BUILT} AND connection_id = page.connection_id
            AND customer_id = page.customer_id AND currency = %(currency)s AND {NOW}
            GROUP BY price_id ORDER BY sum(mrr_micro) DESC, price_id),
        ARRAY(SELECT diagnosis FROM metrics_exposure WHERE organization_id = %(organization)s
            AND connection_id = page.connection_id AND customer_id = page.customer_id
            AND currency = %(currency)s AND diagnosis = ANY(%(statuses)s))
    FROM page JOIN (
        SELECT connection_id, customer_id, mrr_micro, since FROM metrics_customerbalance
        WHERE {BUILT} AND currency = %(currency)s
    ) AS balance USING (connection_id, customer_id)
    LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
        AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
    ORDER BY {{order}}
"""  # noqa: S608
WHOLE = """
{with_found} chosen AS NOT MATERIALIZED (SELECT * FROM ({holders}) AS holder WHERE {narrow}),
page AS (SELECT * FROM chosen WHERE {beyond} ORDER BY {order} LIMIT %(limit)s),
told AS ({told})
SELECT whole.*, {more_found}, told.* FROM
    (SELECT count(*), coalesce(sum(amount_micro), 0) FROM chosen) AS whole LEFT JOIN told ON true
"""
LOOK = """
WITH looked AS MATERIALIZED (
    SELECT * FROM ({holders}) AS holder WHERE {beyond} ORDER BY {order} LIMIT %(looked)s
),
page AS (SELECT * FROM ({parts}) AS holder WHERE {narrow} ORDER BY {order} LIMIT %(limit)s),
told AS ({told}),
last AS (SELECT * FROM (SELECT *, row_number() OVER (ORDER BY {order}) AS place FROM looked) AS one
         WHERE place = %(looked)s)
SELECT (SELECT ARRAY[{value}::text, connection_id::text, customer_id] FROM last), NULL, false, told.*
FROM (SELECT 1) AS one LEFT JOIN told ON true
"""
Key = tuple[int, UUID, str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which holders: of MRR from `low` up to below `high`, a plan, a status, a country, a name's beginning.

    Of a plan, what counts is its part of each customer's MRR.
    """

    currency: str
    plan: str = ""
    status: str = ""
    low: int | None = None
    high: int | None = None
    country: str = ""
    text: str = ""
    order: str = "largest"

    @property
    def narrows(self) -> bool:
        """Say whether what is left is more than a span of MRR: no index knows it."""
        return bool(self.plan or self.status or self.country or self.text)


@dataclass(frozen=True, slots=True)
class Holder:
    """One customer with MRR: what counts of it, all of it, since when, on which plans, what is at risk."""

    amount_micro: int
    mrr_micro: int
    since: date
    connection_id: UUID
    customer_id: str
    name: str
    plans: Sequence[str]
    diagnoses: Sequence[str]

    @property
    def status(self) -> str:
        """Return whether a payment is due, a cancellation decided, or neither."""
        return next((one for one in (PAST_DUE, CANCELING) if one in self.diagnoses), ACTIVE)

    def place(self, order: str) -> Key:
        """Return the row's place in an order: its amount or the number of its day leads."""
        by_day = ORDERS[order][0] == "since"
        value = self.since.toordinal() if by_day else self.amount_micro
        return value, self.connection_id, self.customer_id


def present_holders(
    shown: Shown,
    chosen: Chosen,
    holders: int,
    after: Key | None = None,
    counted: int = COUNTED,
    on_plan: int = 0,
) -> Page[Holder]:
    """Return a page of who holds MRR now; `holders` is how many do in the currency, `on_plan` on the plan.

    What a span of MRR comes to is the tables' to say: of that alone, nothing is summed.
    """
    few = chosen.narrows and (bool(chosen.text) or holders <= counted)
    statement = (WHOLE if few else LOOK).format(**_parts(chosen, after, few, on_plan))
    looked = LOOKED if chosen.narrows else PAGE + 1
    rows = fetched(statement, _bound(shown, chosen, after) | {"looked": looked})
    lines = [Holder(*row[3:]) for row in rows if row[3] is not None]
    full = lines[PAGE - 1].place(chosen.order) if len(lines) > PAGE else None
    if few:
        count, total, more_found = rows[0][:3]
        return Page(lines[:PAGE], count, int(total), full is not None, looked_to=full, more_found=more_found)
    looked_to = full or _place(rows[0][0], chosen.order)
    return Page(lines[:PAGE], None, None, looked_to is not None, looked_to=looked_to)


def _place(told: Sequence[str] | None, order: str) -> Key | None:
    """Read the place of the last row that was looked at."""
    if told is None:
        return None
    value, connection_id, customer_id = told
    by_day = ORDERS[order][0] == "since"
    return date.fromisoformat(value).toordinal() if by_day else int(value), UUID(connection_id), customer_id


def _parts(chosen: Chosen, after: Key | None, few: bool, on_plan: int) -> dict[str, str]:
    value, way = ORDERS[chosen.order]
    order = f"{value} {way}, connection_id {way}, customer_id {way}"
    beyond = f"({value}, connection_id, customer_id) {'<' if way == 'DESC' else '>'} "
    narrow = [RISK.format(name="in")] if chosen.status in (PAST_DUE, CANCELING) else []
    unhurt = UNHURT if few else f"NOT {RISK.format(name='out')}"
    narrow += [unhurt] if chosen.status in (ACTIVE, CANCELING) else []
    narrow += [AT_HOME] * bool(chosen.country) + [NAMED] * bool(chosen.text and not chosen.plan)
    holders, narrow_more, parts = _source(chosen, few, on_plan)
    told_order = ", ".join(f"page.{one}" for one in order.split(", "))
    return {
        "holders": holders,
        "parts": parts,
        "narrow": " AND ".join(["true", *narrow, *narrow_more]),
        "beyond": f"{beyond} (%(value)s, %(connection)s::uuid, %(customer)s)" if after else "true",
        "order": order,
        "value": value,
        "told": TOLD.format(order=told_order),
        "with_found": SEARCHED if chosen.text else "WITH ",
        "more_found": MORE_FOUND if chosen.text else "false",
    }


def _source(chosen: Chosen, few: bool, on_plan: int) -> tuple[str, list[str], str]:
    """Return what is looked through, what narrows it then, and what that makes of those looked at."""
    low, high = "AND mrr_micro >= %(low)s", "AND mrr_micro < %(high)s"
    bounds = " ".join([low] * (chosen.low is not None) + [high] * (chosen.high is not None))
    by_day = ORDERS[chosen.order][0] == "since"
    if not chosen.plan:
        return HOLDERS + bounds, [], LOOKED_AT
    if by_day and not few and on_plan > LOOKED:
        return HOLDERS + bounds, [], PARTS
    named = f"AND {NAMED}" if chosen.text else ""
    if by_day or (few and bounds):
        return ON_PLAN_SINCE.format(named=named) + bounds, [], LOOKED_AT
    return ON_PLAN.format(named=named), [WITHIN.format(bounds=bounds)] * bool(bounds), LOOKED_AT


def _bound(shown: Shown, chosen: Chosen, after: Key | None) -> dict[str, Any]:
    computed_at = shown.freshness.computed_at or datetime.fromtimestamp(0, UTC)
    bound: dict[str, Any] = {
        "organization": shown.organization_id,
        "currency": chosen.currency,
        "at": computed_at,
        "plan": chosen.plan,
        "low": chosen.low,
        "high": chosen.high,
        "country": chosen.country,
        "statuses": [PAST_DUE, CANCELING],
        "diagnoses_in": [chosen.status],
        "diagnoses_out": [PAST_DUE] if chosen.status == CANCELING else [PAST_DUE, CANCELING],
        **search_of(shown, chosen.text),
        "limit": PAGE + 1,
    }
    if after:
        by_day = ORDERS[chosen.order][0] == "since"
        value = date.fromordinal(after[0]) if by_day else max(-LARGEST, min(after[0], LARGEST))
        bound |= {"value": value, "connection": after[1], "customer": after[2]}
    return bound
