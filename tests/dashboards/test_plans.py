from datetime import date

import pytest

from dashboards.plans import plan_rows
from metrics.flows import Month
from metrics.queries import PlanShare


def names(product: str, price: str) -> tuple[str, str]:
    month = Month(month=date(2026, 10, 1), currency="eur", ending_micro=10_000_000_000)
    (row,) = plan_rows([PlanShare("price_1", "prod_1", price, product, 2_500_000_000, 3)], month)
    assert row.share == "25.0%"
    assert row.per_mille == 250
    assert str(row.mrr) == "€25.00"
    return row.name, row.detail


@pytest.mark.parametrize(
    ("product", "price", "shown"),
    [
        ("Scale", "Yearly", ("Scale", "Yearly")),
        ("Scale", "Scale yearly", ("Scale yearly", "")),
        ("Scale", "", ("Scale", "")),
        ("", "Yearly", ("Yearly", "")),
        ("", "", ("price_1", "")),
    ],
)
def test_a_plan_is_named_once(product: str, price: str, shown: tuple[str, str]) -> None:
    assert names(product, price) == shown


def test_a_month_without_revenue_has_no_share_to_draw() -> None:
    month = Month(month=date(2026, 10, 1), currency="eur")
    (row,) = plan_rows([PlanShare("price_1", "", "", "", 0, 1)], month)
    assert row.share == "–"
    assert row.per_mille == 0
