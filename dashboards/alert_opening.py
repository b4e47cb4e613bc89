"""Where the figure of an alert rule opens: the movements that it is made of."""

from datetime import date, timedelta

from dashboards.links import Link, page, query
from metrics.alerts.present import Standing
from metrics.alerts.rules import week_start
from metrics.alerts.series import GAINS, LOSSES, days_before, months_before

KIND = {"revenue_churn": "churn", "new_mrr_flat": "new", "expansion_declining": "expansion"}


def movements_behind(rule: str, standing: Standing, slug: str) -> Link | None:
    """Open the movements behind a rule's figure; failed payments are none."""
    span = _span(rule, standing)
    if span is None:
        return None
    (start, end), kind = span, KIND.get(rule, "")
    asked = {"from": start.isoformat(), "to": end.isoformat(), "currency": standing.currency}
    asked |= {"kind": kind} if kind else {}
    return Link(f"{page('movements', slug)}?{query(asked)}", _moved(standing, start, end, kind))


def _span(rule: str, standing: Standing) -> tuple[date, date] | None:
    """Return the days that a rule looks at, as `[start, end)`."""
    today = standing.series.today
    if rule == "new_mrr_flat":
        end = week_start(today)
        return end - timedelta(weeks=standing.settings.new_mrr_flat_weeks), end
    if rule in ("revenue_churn", "net_revenue_retention_low"):
        return days_before(today, 30), today
    months = {"expansion_declining": 1, "arr_growth_decelerating": 3}.get(rule)
    return (months_before(today, months), months_before(today, 0)) if months else None


def _moved(standing: Standing, start: date, end: date, kind: str) -> int:
    series = standing.series
    if kind:
        return series.moved(start, end, kind).amount_micro * (1 if kind in GAINS else -1)
    return series.moved(start, end, *GAINS).amount_micro - series.moved(start, end, *LOSSES).amount_micro
