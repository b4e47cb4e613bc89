"""The JSON model of a month: figures in major and micro units beside the rules that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from config import clock
from metrics.alerts.rules import AlertSettings
from metrics.core.definition import Definition
from metrics.core.intervals import day_start
from metrics.core.money import major
from metrics.core.rates import Rate, Waterfall
from metrics.flows import Flows, Month
from metrics.periods import shift
from metrics.queries import shown
from metrics.settings import settings


def waterfall(flows: Flows) -> Waterfall:
    """Return a period's figures as the core's waterfall, whose properties are the rates."""
    return Waterfall(
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
        one = model(waterfall(month), build.definition, build.alerts, period)
        models.append(
            one | {"currency": month.currency or None, "data_through": period["data_through"] or None}
        )
    return models


def written(moment: datetime) -> str:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def figures_of(flow: Waterfall) -> dict[str, Any]:
    """Return the model's figures: money in major units beside its micro units, magnitudes positive."""
    money = {
        "starting_mrr": flow.starting,
        "new_mrr": flow.new,
        "expansion_mrr": flow.expansion,
        "reactivation_mrr": flow.reactivation,
        "contraction_mrr": flow.contraction,
        "churned_mrr": flow.churn,
        "currency_mrr": flow.exchange,
        "ending_mrr": flow.ending,
        "arr": flow.arr,
        "contracted_arr": flow.contracted_arr,
        "committed_mrr": flow.committed,
    }
    figures: dict[str, Any] = {}
    for key, micro in money.items():
        figures |= {key: major(micro, flow.currency), f"{key}_micro": micro}
    rates = {
        "mrr_growth_rate": flow.mrr_growth_rate,
        "revenue_churn_rate": flow.revenue_churn_rate,
        "nrr": flow.net_revenue_retention,
        "gross_revenue_retention": flow.gross_revenue_retention,
        "quick_ratio": flow.quick_ratio,
    }
    figures |= {key: decimal(rate) for key, rate in rates.items()}
    return figures | {"customers_start": flow.customers_start, "customers_end": flow.customers_end}


def decimal(rate: Rate) -> Decimal | None:
    """Return a rate with six decimals, trailing zeros cut."""
    if rate is None:
        return None
    return Decimal(round(rate * 1_000_000)).scaleb(-6).normalize() + 0


def model(
    flow: Waterfall, definition: Definition, alerts: AlertSettings, period: Mapping[str, str]
) -> dict[str, Any]:
    """Return the JSON model of a period, given its start, end, as_of and data_through as text."""
    return {
        "recurring_revenue": figures_of(flow),
        "definitions": {
            "annual_plan_normalization": "annual_amount / 12",
            "quarterly_plan_normalization": "quarterly_amount / 3",
            "exclude_non_recurring": True,
            "churn_definition": definition.churn_at,
            **settings(definition),
        },
        "alerts": asdict(alerts),
        "currency": flow.currency,
        "period": {"start": period["start"], "end": period["end"], "time_zone": definition.time_zone},
        "as_of": period["as_of"],
        "data_through": period["data_through"],
    }
