"""Each customer's MRR at the ends of months, a column a month, as one statement."""

from collections.abc import Sequence
from datetime import date, timedelta

from metrics.evidence.pages import BUILT
from metrics.extracts.cursors import Extract
from metrics.extracts.statements import NAMES, PAYERS
from metrics.periods import shift
from metrics.queries import Shown

MOVED = f"FROM metrics_movement WHERE {BUILT} AND (%(currency)s = '' OR currency = %(currency)s)"
MOVERS = f"""FROM (SELECT DISTINCT connection_id, customer_id, currency {MOVED}) AS moved"""
AT = (
    "coalesce(sum(after_micro) FILTER (WHERE date <= %(day_{0})s"
    " AND (until IS NULL OR until > %(day_{0})s)), 0) AS month_{0}"
)
STATEMENT = f"""
SELECT {NAMES}, line.customer_id, line.first, line.ended, line.currency, {{names}}
FROM (SELECT connection_id, customer_id, currency, min(date) AS first,
        max(date) FILTER (WHERE until IS NULL AND after_micro = 0) AS ended, {{amounts}}
      {MOVED} GROUP BY connection_id, customer_id, currency) AS line {PAYERS}
WHERE {{any}} ORDER BY line.connection_id, line.customer_id, line.currency
"""  # noqa: S608 - constants of this module


def subscribers_by_month(shown: Shown, currency: str, months: Sequence[date]) -> Extract:
    """Return who had MRR at the end of any of some months, and how much at the end of each."""
    places = range(len(months))
    days = {f"day_{place}": shift(month, 1) - timedelta(days=1) for place, month in enumerate(months)}
    statement = STATEMENT.format(
        names=", ".join(f"line.month_{place}" for place in places),
        amounts=", ".join(AT.format(place) for place in places),
        any=" OR ".join(f"line.month_{place} <> 0" for place in places),
    )
    bound = {"organization": shown.organization_id, "currency": currency, **days}
    return Extract(statement, bound, MOVERS)
