"""Who holds a balance: every customer's part of MRR, ARR, committed MRR or contracted ARR at an instant."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from metrics.core.intervals import day_start
from metrics.evidence.pages import BUILT, PAGE, Held, Page, fetched
from metrics.queries import Shown

FIGURES = {
    "mrr": "sum(mrr_micro)",
    "arr": "12 * sum(mrr_micro)",
    "committed_mrr": "sum(committed_micro)",
    "contracted_arr": "12 * coalesce(sum(mrr_micro) FILTER (WHERE contracted), 0)",
}
HELD = """
    SELECT connection_id, customer_id, {amount} AS amount_micro FROM metrics_segment
    WHERE {built} AND currency = %(currency)s AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)
      AND (%(plan)s = '' OR price_id = %(plan)s)
    GROUP BY connection_id, customer_id HAVING {amount} <> 0
"""
LISTED = """
    WITH held AS ({held}),
    total AS (SELECT count(*) AS count, coalesce(sum(amount_micro), 0) AS amount_micro FROM held),
    page AS (
        SELECT * FROM held {after}
        ORDER BY amount_micro DESC, connection_id DESC, customer_id DESC LIMIT %(limit)s
    )
    SELECT total.count, total.amount_micro, page.amount_micro, page.connection_id, page.customer_id,
        coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
    FROM total LEFT JOIN page ON true
    LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
        AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
    ORDER BY page.amount_micro DESC, page.connection_id DESC, page.customer_id DESC
"""
TOTAL = "SELECT coalesce(sum(amount_micro), 0) FROM ({held}) AS held"
AFTER = "WHERE (amount_micro, connection_id, customer_id) < (%(amount)s, %(connection)s, %(customer)s)"
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


def holders(shown: Shown, balance: Balance, after: Key | None = None) -> Page[Held]:
    """Return a page of the customers who hold a balance, the largest first."""
    bound = {**_bound(shown, balance), "limit": PAGE + 1}
    if after:
        bound |= dict(zip(("amount", "connection", "customer"), after, strict=True))
    held = HELD.format(amount=FIGURES[balance.figure], built=BUILT)
    rows = fetched(LISTED.format(held=held, after=AFTER if after else ""), bound)
    count, total = rows[0][:2]
    lines = [Held(int(row[2]), *row[3:]) for row in rows if row[4] is not None]
    return Page(lines[:PAGE], count, int(total), len(lines) > PAGE)


def balance_micro(shown: Shown, balance: Balance) -> int:
    """Return what all customers together hold of a balance."""
    held = HELD.format(amount=FIGURES[balance.figure], built=BUILT)
    ((total,),) = fetched(TOTAL.format(held=held), _bound(shown, balance))
    return int(total)


def _bound(shown: Shown, balance: Balance) -> dict[str, object]:
    return {
        "organization": shown.organization_id,
        "currency": balance.currency,
        "at": datetime.fromtimestamp(instant(shown, balance.on), UTC),
        "plan": balance.plan,
    }
