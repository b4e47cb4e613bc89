"""What dates have decided, and trials: every row as it was counted last, by one statement each."""

from datetime import date

from metrics.extracts.cursors import Extract
from metrics.extracts.statements import NAMES, PAYERS
from metrics.outlook.decided import MOVES, UNDATED
from metrics.outlook.reading import span_of
from metrics.queries import Shown

DECIDED = f"""
SELECT nullif(line.due_on, %(undated)s), line.kind, line.kind = ANY(%(moves)s), line.connection_id,
    line.customer_id, {NAMES}, line.subscription_id, line.currency, line.amount_micro, line.committed_micro
FROM metrics_decidedchange AS line {PAYERS}
WHERE line.organization_id = %(organization)s AND (%(currency)s = '' OR line.currency = %(currency)s)
  AND line.due_on <= %(last)s
ORDER BY line.currency, line.due_on, line.kind, line.connection_id, line.customer_id, line.subscription_id
"""  # noqa: S608 - constants of this module and its neighbour, as below
TRIALS = f"""
SELECT line.connection_id, line.customer_id, {NAMES}, line.subscription_id, line.plan, line.currency,
    line.month, line.started_on, line.state, line.days, line.worth_micro, line.ends_at, line.cancels
FROM metrics_trial AS line {PAYERS}
WHERE line.organization_id = %(organization)s AND (%(currency)s = '' OR line.currency = %(currency)s)
  AND (%(month)s::date IS NULL OR line.month = %(month)s) AND (%(state)s = '' OR line.state = %(state)s)
ORDER BY line.connection_id, line.customer_id, line.subscription_id
"""  # noqa: S608


def decided(shown: Shown, currency: str, days: int | None) -> Extract:
    """Return the changes of so many days from today on, without a number of them all there are."""
    last = UNDATED if days is None else span_of(shown.today, days).last
    bound = {"currency": currency, "last": last, "undated": UNDATED, "moves": list(MOVES)}
    return Extract(DECIDED, {"organization": shown.organization_id, **bound})


def trials(shown: Shown, currency: str, month: date | None, state: str) -> Extract:
    """Return the trials that began in a month, or in any, and are in a state, or in any."""
    bound = {"currency": currency, "month": month, "state": state}
    return Extract(TRIALS, {"organization": shown.organization_id, **bound})
