"""The JSON model of a month: figures in major and micro units beside the rules that made them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from config import clock
from metrics.core import rates
from metrics.core.intervals import day_start
from metrics.flows import Flows, Month
from metrics.periods import shift
from metrics.queries import shown


def waterfall(flows: Flows) -> rates.Waterfall:
    """Return a period's figures as the core's waterfall, whose properties are the rates."""
    return rates.Waterfall(
        currency=flows.currency,
        starting=flows.starting_micro,
        new=flows.new_micro,
        expansion=flows.expansion_micro,
        reactivation=flows.reactivation_micro,
        contraction=flows.contraction_micro,
        churn=flows.churn_micro,
        exchange=flows.currency_micro,
        ending=flows.ending_micro,
        committed=flows.committed_micro,
        contracted=flows.contracted_micro,
        customers_start=flows.customers_start,
        customers_churned=flows.customers_churned,
        customers_end=flows.customers_end,
    )


def recurring_revenue(organization_id: UUID, months: Sequence[Month]) -> list[dict[str, Any]]:
    """Return the model of each month; a month that has not ended runs to `as_of`.

    Money and rates are Decimal, for an encoder that writes them as numbers.
    """
    build = shown(organization_id)
    through = build.freshness.data_through
    computed_at = build.freshness.computed_at or clock.now()
    models = []
    for month in months:
        following = shift(month.month, 1)
        end = datetime.fromtimestamp(day_start(following, build.zone), UTC)
        period = {
            "start": month.month.isoformat(),
            "end": following.isoformat(),
            "as_of": written(min(end, computed_at)),
            "data_through": written(through) if through else "",
        }
        one = rates.model(waterfall(month), build.definition, build.alerts, period)
        models.append(
            one | {"currency": month.currency or None, "data_through": period["data_through"] or None}
        )
    return models


def written(moment: datetime) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
