"""The metric core's waterfall of a month that the tables hold."""

from metrics.core.rates import Rate, Waterfall, ratio
from metrics.queries import Flows


def waterfall(flows: Flows) -> Waterfall:
    """Return a period's row as the value whose rates the core computes."""
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


def change(before: int, now: int) -> Rate:
    """Return by which part a figure has moved; undefined over nothing."""
    grown = ratio(now, before)
    return None if grown is None else grown - 1
