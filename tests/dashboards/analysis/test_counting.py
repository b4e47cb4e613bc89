"""What is counted of everyone's life equals what segments, movements and the invented company say."""

from collections import defaultdict
from datetime import date
from typing import Any

from accounts.tenancy import tenant
from metrics import queries
from metrics.models import (
    CohortChange,
    CohortMember,
    PlanFlow,
    PlanMove,
    PlanRevenue,
    Trial,
    TrialMonth,
)
from metrics.periods import last_months
from tests.dashboards.analysis.conftest import ZONE, Business
from tests.dashboards.analysis.known import Known
from tests.metrics.conftest import NOW

TABLES: tuple[Any, ...] = (
    CohortMember,
    CohortChange,
    PlanFlow,
    PlanMove,
    Trial,
    TrialMonth,
)
MONTHS = last_months(NOW.date(), 37)
KINDS = ("new", "reactivation", "expansion", "contraction", "churn", "moved_in", "moved_out")
CURRENCIES = ("usd",)


def cells(dimension: str, currency: str) -> dict[tuple[str, date, date], list[int]]:
    """Return by value, cohort and month the balances that the stored changes come to."""
    rows = CohortChange.objects.filter(dimension=dimension, currency=currency).order_by("month")
    sums: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    found: dict[tuple[str, date, date], list[int]] = {}
    for month in MONTHS:
        for one in rows.filter(month=month):
            row = sums[one.value, one.cohort]
            for place, name in enumerate(("net_micro", "gross_micro", "customers")):
                row[place] += int(getattr(one, name))
        found |= {(*key, month): list(row) for key, row in sums.items()}
    return found


def test_a_cohort_s_cells_are_its_customers_month_ends(business: Business) -> None:
    with tenant(business.organization.id):
        known = Known(ZONE)
        for currency in CURRENCIES:
            found = cells("month", currency)
            assert len(found) > 50
            for (_, cohort, month), cell in found.items():
                assert cell == known.cell(cohort, month, currency)
            assert any(net > gross for net, gross, _ in found.values())


def test_cohorts_sum_to_the_mrr_of_every_month(business: Business) -> None:
    with tenant(business.organization.id):
        for currency in CURRENCIES:
            months = {one.month: one for one in queries.months(business.organization.id, currency, last=37)}
            for dimension in ("month", "plan", "country"):
                sums: dict[date, int] = defaultdict(int)
                for (_, _, month), cell in cells(dimension, currency).items():
                    sums[month] += cell[0]
                assert sums == {m: months[m].ending_micro for m in sums}


def test_everyone_belongs_to_the_month_of_the_first_movement(business: Business) -> None:
    with tenant(business.organization.id):
        known = Known(ZONE)
        members = {(one.currency, one.customer_id): one for one in CohortMember.objects.all()}
        assert {key: one.month for key, one in members.items()} == known.began
        for key, one in members.items():
            assert one.base_micro == known.balances(one.month).get(key, 0)
        joined = sum(CohortChange.objects.filter(dimension="plan").values_list("joined", flat=True))
        assert joined == len(members)


def test_each_plan_goes_from_start_to_end_by_what_moved_it(business: Business) -> None:
    with tenant(business.organization.id):
        known = Known(ZONE)
        for dimension in ("plan", "interval"):
            totals: dict[tuple[str, str], int] = defaultdict(int)
            holders: dict[tuple[str, str], int] = defaultdict(int)
            for month in MONTHS:
                for one in PlanFlow.objects.filter(dimension=dimension, month=month):
                    moved = sum(int(getattr(one, f"{kind}_micro")) for kind in KINDS)
                    totals[one.currency, one.plan] += moved
                    holders[one.currency, one.plan] += one.holders
                for (currency, plan), total in list(totals.items())[:: 3 if month != MONTHS[-1] else 1]:
                    held = known.balances(month, **{dimension: plan})
                    mine = [amount for key, amount in held.items() if key[0] == currency]
                    assert (sum(mine), len(mine)) == (total, holders[currency, plan])
        for row in PlanRevenue.objects.all():
            flows = PlanFlow.objects.filter(
                dimension="plan", currency=row.currency, month=row.month, plan=row.price_id
            )
            net = sum(int(getattr(flow, f"{kind}_micro")) for flow in flows for kind in KINDS)
            assert net == row.net_micro


def test_plans_sum_to_the_headline_kind_by_kind(business: Business) -> None:
    with tenant(business.organization.id):
        moved_at_all = 0
        for currency in CURRENCIES:
            for month in queries.months(business.organization.id, currency, last=37):
                rows = PlanFlow.objects.filter(currency=currency, month=month.month)
                for dimension in ("plan", "interval"):
                    mine = [one for one in rows if one.dimension == dimension]
                    sums = {kind: sum(int(getattr(one, f"{kind}_micro")) for one in mine) for kind in KINDS}
                    assert sums == {
                        "new": month.new_micro,
                        "reactivation": month.reactivation_micro,
                        "expansion": month.expansion_micro,
                        "contraction": -month.contraction_micro,
                        "churn": -month.churn_micro,
                        "moved_in": -sums["moved_out"],
                        "moved_out": -sums["moved_in"],
                    }
                    told = PlanMove.objects.filter(dimension=dimension, currency=currency, month=month.month)
                    assert sums["moved_in"] == sum(one.amount_micro for one in told)
                    moved_at_all += sums["moved_in"]
        assert moved_at_all > 0
