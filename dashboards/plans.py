"""The plans of a month by their share of its MRR."""

from dataclasses import dataclass

from dashboards.formatting import Money, money, percent
from metrics.core.rates import ratio
from metrics.queries import Month, PlanShare


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
    name = plan.product_name or plan.price_name or plan.price_id
    return PlanRow(
        name=name,
        detail=plan.price_name if plan.price_name != name else "",
        mrr=money(plan.mrr_micro, month.currency),
        share=percent(share),
        per_mille=round(share * 1000) if share else 0,
    )
