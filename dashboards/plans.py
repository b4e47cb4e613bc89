"""The plans of a month by their share of its MRR."""

from collections.abc import Mapping
from typing import NamedTuple

from dashboards.formatting import DASH, Writer, share, writer
from dashboards.links import Link
from dashboards.opening import Opening
from metrics.flows import Month
from metrics.queries import PlanShare


class PlanRow(NamedTuple):
    """One plan: its product's name, its price's where that says more, its MRR and share."""

    name: str
    detail: str
    mrr: str
    share: str
    per_mille: int
    opens: Link | None = None


def plan_rows(plans: list[PlanShare], month: Month, opening: Opening | None = None) -> list[PlanRow]:
    """Return every plan of a month, largest share first."""
    numbers = writer(month.currency)
    return [_row(plan, month, opening, numbers) for plan in plans]


def _row(plan: PlanShare, month: Month, opening: Opening | None, numbers: Writer) -> PlanRow:
    part = share(plan.mrr_micro, month.ending_micro)
    return PlanRow(
        *_names(plan.product_name, plan.price_name, plan.price_id),
        mrr=numbers.text(plan.mrr_micro),
        share=DASH if part is None else numbers.per_mille(part),
        per_mille=part or 0,
        opens=opening.plan(month, plan) if opening else None,
    )


def plan_label(names: Mapping[str, tuple[str, str]], price_id: str) -> str:
    """Return a plan in one line, from the names of its product and of its price."""
    return " · ".join(filter(None, _names(*names.get(price_id, ("", "")), price_id)))


def _names(product: str, price: str, price_id: str) -> tuple[str, str]:
    """Return the product's name and the price's; one alone where it says it all."""
    if not product or product.casefold() in price.casefold():
        return price or product or price_id, ""
    return product, price
