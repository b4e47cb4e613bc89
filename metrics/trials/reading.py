"""Trials as they were counted last: by month, those that run, and pages of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from metrics.core.rates import Rate, ratio, trial_to_paid_rate
from metrics.evidence.pages import PAGE, fetched
from metrics.queries import Shown
from metrics.trials.trial import STATES

MONTHS = """
SELECT month, started, converted, ended, waiting, running, median_days2 FROM metrics_trialmonth
WHERE organization_id = %(organization)s AND currency = %(currency)s AND month >= %(first)s
ORDER BY month DESC
"""
RUNNING = """
SELECT count(*), coalesce(sum(worth_micro), 0), count(*) FILTER (WHERE cancels),
    coalesce(sum(worth_micro) FILTER (WHERE cancels), 0), count(*) FILTER (WHERE ends_at < %(soon)s)
FROM metrics_trial
WHERE organization_id = %(organization)s AND currency = %(currency)s AND state = 'running'
"""
WORTH = """
SELECT coalesce(sum(worth_micro), 0), count(*) FROM metrics_trial
WHERE organization_id = %(organization)s AND currency = %(currency)s
  AND (%(month)s::date IS NULL OR month = %(month)s) AND (%(state)s = '' OR state = %(state)s)
"""
CURRENCIES = "SELECT DISTINCT currency FROM metrics_trialmonth WHERE organization_id = %(organization)s"
LINES = """
SELECT page.connection_id, page.customer_id, page.subscription_id, page.plan, page.started_on, page.state,
    page.days, page.worth_micro, page.ends_at, page.cancels,
    coalesce(nullif(payer.name, ''), nullif(payer.email, ''), page.customer_id)
FROM (
    SELECT connection_id, customer_id, subscription_id, plan, started_on, state, days, worth_micro, ends_at,
        cancels, coalesce(ends_at, 'infinity') AS due_at
    FROM metrics_trial
    WHERE organization_id = %(organization)s AND currency = %(currency)s
      AND (%(month)s::date IS NULL OR month = %(month)s) AND (%(state)s = '' OR state = %(state)s) {beyond}
    ORDER BY {order} LIMIT %(limit)s
) AS page
LEFT JOIN billing_sync_payer AS payer ON payer.organization_id = %(organization)s
    AND payer.connection_id = page.connection_id AND payer.customer_id = page.customer_id
ORDER BY {order}
"""
BY_ID = "connection_id, customer_id, subscription_id"
BEYOND = f"AND ({BY_ID}) > (%(connection)s, %(customer)s, %(subscription)s)"
# Those that run come in the order in which they end.
BY_END = f"due_at, {BY_ID}"
BEYOND_END = (
    "AND (coalesce(ends_at, 'infinity'), connection_id, customer_id, subscription_id) "
    "> (%(due)s::timestamptz, %(connection)s, %(customer)s, %(subscription)s)"
)


@dataclass(frozen=True, slots=True)
class Month:
    """Trials that began in a month: `ended` did not become paying, `waiting` are over and not yet paid."""

    month: date
    started: int
    converted: int
    ended: int
    waiting: int = 0
    running: int = 0
    median_days: Rate = None

    @property
    def decided(self) -> int:
        """Return how many are over with an outcome: the denominator of the rate."""
        return self.converted + self.ended

    @property
    def rate(self) -> Rate:
        """Return which part of the decided became paying; those that run or wait are in neither."""
        return trial_to_paid_rate(self.decided, self.converted)

    def count(self, state: str) -> int:
        """Return how many are in a state, or all without one."""
        return int(getattr(self, state)) if state else self.started


@dataclass(frozen=True, slots=True)
class Running:
    """Trials that run: how many, what they would be worth, which part is to be left, how many end soon."""

    count: int
    worth_micro: int
    canceling: int
    canceling_micro: int
    soon: int


@dataclass(frozen=True, slots=True)
class Line:
    """One trial."""

    connection_id: UUID
    customer_id: str
    subscription_id: str
    plan: str
    started_on: date
    state: str
    days: int | None
    worth_micro: int
    ends_at: datetime | None
    cancels: bool
    name: str

    @property
    def key(self) -> tuple[str, UUID, str, str]:
        """Return the row's place among all rows."""
        due = "infinity" if self.ends_at is None else self.ends_at.astimezone(UTC).isoformat()
        return due, self.connection_id, self.customer_id, self.subscription_id


def months(shown: Shown, currency: str, first: date = date.min) -> list[Month]:
    """Return the months from the first on in which trials began, the newest first."""
    bound = {"organization": shown.organization_id, "currency": currency, "first": first}
    return [
        Month(month, started, converted, ended, waiting, running, None if twice is None else ratio(twice, 2))
        for month, started, converted, ended, waiting, running, twice in fetched(MONTHS, bound)
    ]


def together(found: list[Month]) -> Month:
    """Return what months sum to; a median is of one month alone."""
    started, converted, ended, waiting, running = (
        sum(one.count(state) for one in found) for state in ("", *STATES)
    )
    return Month(date.min, started, converted, ended, waiting, running)


def running(shown: Shown, currency: str, soon: datetime) -> Running:
    """Return the trials that run; soon are those that end before an instant."""
    bound = {"organization": shown.organization_id, "currency": currency, "soon": soon}
    ((count, worth, canceling, lost, near),) = fetched(RUNNING, bound)
    return Running(count, int(worth), canceling, int(lost), near)


def currencies(shown: Shown) -> list[str]:
    """Return the currencies in which there were trials."""
    return sorted(code for (code,) in fetched(CURRENCIES, {"organization": shown.organization_id}))


def worth(shown: Shown, currency: str, month: date | None, state: str) -> tuple[int, int]:
    """Return what some trials would be worth together, and how many they are."""
    bound = {"organization": shown.organization_id, "currency": currency, "month": month, "state": state}
    ((total, count),) = fetched(WORTH, bound)
    return int(total), count


def lines(
    shown: Shown, currency: str, month: date | None, state: str, after: tuple[Any, ...] | None = None
) -> list[Line]:
    """Return a page of trials and one more."""
    by_end = month is None and state == "running"
    bound: dict[str, Any] = {
        "organization": shown.organization_id,
        "currency": currency,
        "month": month,
        "state": state,
        "limit": PAGE + 1,
    }
    if after:
        bound |= dict(zip(("due", "connection", "customer", "subscription"), after, strict=True))
    beyond = (BEYOND_END if by_end else BEYOND) if after else ""
    statement = LINES.format(beyond=beyond, order=BY_END if by_end else BY_ID)
    return [Line(*row) for row in fetched(statement, bound)]
