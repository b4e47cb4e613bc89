"""The plans of a month by their share of its MRR."""

from dataclasses import dataclass

from dashboards.formatting import Money, money, percent
from metrics.core.rates import ratio
from metrics.flows import Month
from metrics.queries import PlanShare


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan: its product's name, its price's where that says more, its MRR and share."""

    name: str
    detail: str
    mrr: Money
    share: str
    per_mille: int


def plan_rows(plans: list[PlanShare], month: Month) -> list[PlanRow]:
    """Return every plan of a month, largest share first."""
    return [_row(plan, month) for plan in plans]


def _row(plan: PlanShare, month: Month) -> PlanRow:
    share = ratio(plan.mrr_micro, month.ending_micro)
    name, detail = _names(plan)
    return PlanRow(
        name=name,
        detail=detail,
        mrr=money(plan.mrr_micro, month.currency),
        share=percent(share),
        per_mille=round(share * 1000) if share else 0,
    )


def _names(plan: PlanShare) -> tuple[str, str]:
    """Return the product's name and the price's; one alone where it says it all."""
    product, price = plan.product_name, plan.price_name
    if not product or product.casefold() in price.casefold():
        return price or product or plan.price_id, ""
    return product, price
