"""Every row of a table of the build on show, by one statement each, in the order of its key."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from metrics.core.intervals import day_start
from metrics.evidence.held import instant
from metrics.evidence.narrowing import Narrowed
from metrics.evidence.pages import BUILT
from metrics.evidence.wanted import Only, Sum
from metrics.extracts.cursors import Extract
from metrics.payments.lines import LISTS, OF_REASON
from metrics.queries import Shown

NAMES = "coalesce(payer.name, '') AS payer_name, coalesce(payer.email, '') AS payer_email"
PAYERS = """LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = line.connection_id AND payer.customer_id = line.customer_id"""
# What narrows a movement beyond its days stands in these, as its page has it.
MOVED = f"""FROM (
    SELECT date, connection_id, customer_id, kind, {{amount}} AS amount_micro, after_micro, currency,
        subscription_ids, reasons
    FROM metrics_movement WHERE {BUILT} AND date >= %(start)s AND date < %(end)s
      AND (%(currency)s = '' OR currency = %(currency)s) AND (%(kind)s = '' OR kind = %(kind)s) {{within}}
) AS moved WHERE {{beyond}}"""  # noqa: S608 - constants of this module, as below
MOVEMENTS = f"""
SELECT line.date, NULL AS at, line.connection_id, line.customer_id, {NAMES}, line.kind, line.amount_micro,
    line.after_micro, line.currency, line.subscription_ids, line.reasons
FROM (SELECT * {{moved}}) AS line {PAYERS}
ORDER BY line.date, line.connection_id, line.customer_id, line.currency
"""  # noqa: S608
CHANGES = """
SELECT date, payer_name, payer_email, customer_id, CASE kind WHEN 'expansion' THEN 'upgrade'
    WHEN 'contraction' THEN 'downgrade' ELSE kind END, amount_micro, after_micro, currency
FROM ({movements}) AS line ORDER BY date, connection_id, customer_id, currency
"""
HOLDING = f"""FROM metrics_segment WHERE {BUILT} AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)
    AND (%(currency)s = '' OR currency = %(currency)s) AND (%(plan)s = '' OR price_id = %(plan)s)"""
CUSTOMERS = f"""
SELECT line.connection_id, line.customer_id, {NAMES}, line.currency, line.mrr, 12 * line.mrr, line.committed,
    12 * line.contracted, first.since
FROM (SELECT connection_id, customer_id, currency, sum(mrr_micro) AS mrr, sum(committed_micro) AS committed,
        coalesce(sum(mrr_micro) FILTER (WHERE contracted), 0) AS contracted {HOLDING}
      GROUP BY connection_id, customer_id, currency
      HAVING sum(mrr_micro) <> 0 OR sum(committed_micro) <> 0) AS line
LEFT JOIN (SELECT connection_id, customer_id, currency, min(date) AS since FROM metrics_movement
           WHERE {BUILT} AND date <= %(on)s GROUP BY connection_id, customer_id, currency) AS first
    USING (connection_id, customer_id, currency) {PAYERS}
ORDER BY line.connection_id, line.customer_id, line.currency
"""  # noqa: S608
CHOSEN = f"""FROM metrics_segment WHERE {BUILT}
    AND (%(currency)s = '' OR currency = %(currency)s) AND (%(plan)s = '' OR price_id = %(plan)s) {{more}}"""
SEGMENTS = f"""
SELECT connection_id, customer_id, subscription_id, item_id, from_at, to_at, currency, price_id, product_id,
    interval, quantity, mrr_micro, committed_micro, contracted, excluded, discounts, cancellation, evidence,
    CASE WHEN start_exact AND end_exact THEN 'exact' ELSE 'period' END
{CHOSEN}
ORDER BY connection_id, customer_id, subscription_id, item_id, from_at
"""
OF_CUSTOMER = "AND connection_id = %(connection)s AND customer_id = %(customer)s"
HELD_AT = "AND from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s)"
EXPOSURE = f"""
SELECT line.connection_id, line.customer_id, {NAMES}, line.diagnosis, line.currency, line.amount_micro,
    line.due_at, line.leads
FROM metrics_exposure AS line {PAYERS}
WHERE line.organization_id = %(organization)s AND (%(currency)s = '' OR line.currency = %(currency)s)
  AND CASE %(diagnosis)s WHEN '' THEN line.leads ELSE line.diagnosis = %(diagnosis)s END
ORDER BY line.currency, line.amount_micro DESC, line.connection_id DESC, line.customer_id DESC,
    line.diagnosis
"""  # noqa: S608
PAYMENTS = f"""
SELECT line.at, line.connection_id, line.customer_id, {NAMES}, line.amount, %(currency)s::text, line.word,
    line.id, line.then
FROM ({{page}}) AS line {PAYERS} ORDER BY line.at, line.connection_id, line.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows: every condition that is left out holds for all of them."""

    currency: str = ""
    kind: str = ""
    plan: str = ""
    start: date = date.min
    end: date = date.max
    on: date | None = None
    connection_id: UUID | None = None
    customer_id: str = ""
    only: Only = field(default_factory=Only)

    @property
    def sum(self) -> Sum:
        """Return the movements that are meant."""
        return Sum(self.start, self.end, self.currency, self.kind, self.plan, only=self.only)

    def bound(self, shown: Shown) -> dict[str, Any]:
        """Return what the statements bind."""
        at = None if self.on is None else datetime.fromtimestamp(instant(shown, self.on), UTC)
        return {
            "organization": shown.organization_id,
            "currency": self.currency,
            "kind": self.kind,
            "plan": self.plan,
            "start": self.start,
            "end": self.end,
            "on": self.on,
            "at": at,
            "connection": self.connection_id,
            "customer": self.customer_id,
        }


def movements(shown: Shown, wanted: Chosen) -> Extract:
    """Return the movements by local day; of a plan or an interval, their part of each."""
    narrowed = Narrowed(shown, wanted.sum)
    told = {"amount": narrowed.amount(), "within": narrowed.within(), "beyond": narrowed.beyond()}
    moved = MOVED.format(**told)
    return Extract(MOVEMENTS.format(moved=moved), wanted.bound(shown) | narrowed.bound(), moved)


def changes(shown: Shown, wanted: Chosen) -> Extract:
    """Return the movements by local day in the words in which Stripe tells of them."""
    found = movements(shown, wanted)
    return Extract(CHANGES.format(movements=found.statement), found.bound, found.counting)


def customers(shown: Shown, wanted: Chosen) -> Extract:
    """Return every customer's balances at the end of a local day."""
    return Extract(CUSTOMERS, wanted.bound(shown), HOLDING)


def segments(shown: Shown, wanted: Chosen) -> Extract:
    """Return the segments of everyone or of one customer; with a day, those that hold at its end."""
    more = " ".join((OF_CUSTOMER if wanted.customer_id else "", HELD_AT if wanted.on else ""))
    chosen = CHOSEN.format(more=more)
    return Extract(SEGMENTS.format(more=more), wanted.bound(shown), chosen)


def exposure(shown: Shown, currency: str, diagnosis: str) -> Extract:
    """Return who has a diagnosis; without one, everyone at risk once, with the one that leads."""
    bound = {"organization": shown.organization_id, "currency": currency, "diagnosis": diagnosis}
    return Extract(EXPOSURE, bound)


def payments(shown: Shown, name: str, currency: str, start: date, end: date, why: str = "") -> Extract:
    """Return one list of payments, refunds or departures of the days in `[start, end)`."""
    statement, only, _key = LISTS[name]
    since, until = (_midnight(day, shown) for day in (start, end))
    bound = {
        "organization": shown.organization_id,
        "accounts": list(shown.connection_ids),
        "currency": currency,
        "first": start,
        "end": end,
        "since": since,
        "until": until,
        "why": why,
        "limit": None,
    }
    page = statement.format(only=f"{only} {OF_REASON if why else ''}", beyond="")
    return Extract(PAYMENTS.format(page=page), bound)


def _midnight(day: date, shown: Shown) -> datetime:
    # What no zone could shift within the calendar stands for all time.
    edge = timedelta(days=2)
    inside = min(max(day, date(1970, 1, 1) + edge), date.max - edge)
    return datetime.fromtimestamp(day_start(inside, shown.zone), UTC)
