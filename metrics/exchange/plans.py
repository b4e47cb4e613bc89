"""The plans of every currency by their part of one month's MRR in the reporting currency."""

from collections.abc import Sequence
from dataclasses import replace

from metrics.exchange.converting import Exchange, shared
from metrics.flows import Month
from metrics.queries import PlanShare


def reported_plans(plans: Sequence[PlanShare], month: Month, exchange: Exchange) -> list[PlanShare]:
    """Return the plans at the month's closing rates, largest first; they sum to its MRR.

    Each keeps the name of the currency in which it is billed.
    """
    rates = [exchange.closing(plan.currency, month.month) if plan.mrr_micro else None for plan in plans]
    parts = [(plan.mrr_micro, rate) for plan, rate in zip(plans, rates, strict=True)]
    amounts = shared(parts, month.ending_micro)
    found = [replace(plan, mrr_micro=amount) for plan, amount in zip(plans, amounts, strict=True)]
    return sorted(found, key=lambda plan: (-plan.mrr_micro, plan.price_id))
