"""Every table as a file: both formats hold the same rows, and the rows sum to the cells of the pages."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest

from accounts.tenancy import tenant
from dashboards.exports.registry import TABLES
from metrics import queries
from metrics.build.recompute import recompute
from metrics.core.money import major
from metrics.definitions import set_definition
from metrics.evidence.sums import standing
from metrics.exposure.reading import standing as exposed
from metrics.invoiced import queries as ledger
from metrics.payments import sums
from tests.dashboards import crawler
from tests.dashboards.exports.conftest import HOSTILE, Exporter
from tests.dashboards.exports.reading import of_csv, same_rows

MONTH = date(2026, 9, 1)
Rows = Sequence[Mapping[str, Any]]


def rows_of(exporter: Exporter, table: str, **parameters: str) -> Rows:
    return same_rows(
        exporter.content(table, "csv", **parameters), exporter.content(table, "json", **parameters)
    )


def summed(rows: Rows, name: str, **chosen: Any) -> int:
    return sum(one[name] for one in rows if all(one[key] == value for key, value in chosen.items()))


def shown(exporter: Exporter) -> queries.Shown:
    return queries.shown(exporter.organization.id)


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"bridge"}))
def test_both_formats_of_a_table_hold_the_same_rows(exporter: Exporter, table: str) -> None:
    rows = rows_of(exporter, table)
    if table not in ("alerts", "restatements", "exchange_rates", "cancellation_reasons"):
        assert rows


def test_the_months_are_those_of_the_page(exporter: Exporter) -> None:
    rows = rows_of(exporter, "months", currency="usd", month="2026-09", span="6")
    with tenant(exporter.organization.id):
        months = queries.months(exporter.organization.id, "usd", last=6, until=MONTH)
    assert [(one["month"], one["ending_mrr_micro"], one["customers_end"]) for one in rows] == [
        (f"{one.month:%Y-%m}", one.ending_micro, one.customers_end) for one in months
    ]
    assert {one["ending_mrr"] for one in rows} == {str(major(one.ending_micro, "usd")) for one in months}


def test_the_days_lead_from_one_to_the_next_and_to_the_month(exporter: Exporter) -> None:
    rows = rows_of(exporter, "days", currency="usd")
    assert all(before["ending_mrr_micro"] == after["starting_mrr_micro"] for before, after in pairwise(rows))
    (month,) = rows_of(exporter, "months", currency="usd", month="2026-09", span="1")
    assert (
        summed([one for one in rows if one["date"][:7] == "2026-09"], "new_mrr_micro")
        == (month["new_mrr_micro"])
    )


@pytest.mark.parametrize("kind", ["", "new", "expansion", "contraction", "churn"])
def test_movements_sum_to_the_cell_that_they_are_asked_from(exporter: Exporter, kind: str) -> None:
    rows = rows_of(exporter, "movements", month="2026-09", currency="usd", kind=kind)
    (month,) = rows_of(exporter, "months", currency="usd", month="2026-09", span="1")
    change = month["ending_mrr_micro"] - month["starting_mrr_micro"]
    wanted = month[f"{kind}_mrr_micro"] if kind else change
    total = summed(rows, "amount_micro")
    assert (abs(total) if kind else total) == wanted


@pytest.mark.parametrize(
    "narrowed",
    [
        {"interval": "year"},
        {"reason": "cancellation"},
        {"least": "100", "most": "2000.50"},
        {"text": "cus_"},
        {"country": "US"},
        {"interval": "month", "kind": "new", "least": "10"},
    ],
    ids=str,
)
@pytest.mark.parametrize("window", ["day", "month"])
def test_what_narrows_the_page_of_movements_narrows_the_file(
    exporter: Exporter, narrowed: dict[str, str], window: str
) -> None:
    days = {"from": "2026-09-01", "to": "2026-11-01", "currency": "usd", **narrowed}
    rows = rows_of(exporter, "movements", window=window, **days)
    listed = crawler.rows(exporter.client, f"/o/acme/movements/?{urlencode(days)}")
    if window == "day":
        assert sorted(one["amount_micro"] for one in rows) == sorted(listed.amounts)
    elif not {"least", "most", "kind"} & narrowed.keys():
        assert summed(rows, "amount_micro") == sum(listed.amounts)


@pytest.mark.parametrize("window", ["day", "event", "month"])
def test_movements_of_every_window_come_to_the_same(exporter: Exporter, window: str) -> None:
    rows = rows_of(exporter, "movements", currency="usd", window=window)
    with tenant(exporter.organization.id):
        mrr = standing(shown(exporter), "usd", shown(exporter).today).mrr_micro
    assert summed(rows, "amount_micro") == mrr
    assert all((one["at"] is not None) == (window == "event") for one in rows)


@pytest.mark.parametrize("on", ["2026-07-04", "2026-11-15"])
def test_customers_sum_to_the_balances_of_their_day(exporter: Exporter, on: str) -> None:
    rows = rows_of(exporter, "customers", on=on)
    with tenant(exporter.organization.id):
        for currency in queries.currencies(exporter.organization.id):
            known = standing(shown(exporter), currency, date.fromisoformat(on))
            figures = ("mrr", "arr", "committed_mrr", "contracted_arr")
            assert [summed(rows, f"{name}_micro", currency=currency) for name in figures] == [
                known.amount_micro(name) for name in figures
            ]


def test_segments_of_a_cell_and_of_a_customer_sum_to_it(exporter: Exporter) -> None:
    customers = rows_of(exporter, "customers", currency="usd")
    held = rows_of(exporter, "segments", on="2026-11-15", currency="usd")
    assert summed(held, "mrr_micro") == summed(customers, "mrr_micro")
    one = customers[0]
    named = {"connection": one["connection_id"], "customer": one["customer_id"]}
    own = rows_of(exporter, "segments", on="2026-11-15", currency="usd", **named)
    assert summed(own, "mrr_micro") == one["mrr_micro"]


def test_plans_sum_to_the_month_and_open_their_customers(exporter: Exporter) -> None:
    plans = rows_of(exporter, "plans", month="2026-10", currency="usd")
    (month,) = rows_of(exporter, "months", currency="usd", month="2026-10", span="1")
    assert summed(plans, "mrr_micro") == month["ending_mrr_micro"]
    price = plans[0]["price_id"]
    held = rows_of(exporter, "customers", on="2026-10-31", currency="usd", plan=price)
    assert summed(held, "mrr_micro") == plans[0]["mrr_micro"]


def test_exposure_sums_to_the_total_and_to_a_diagnosis(exporter: Exporter) -> None:
    with tenant(exporter.organization.id):
        totals = exposed(shown(exporter)).totals["usd"]
    for diagnosis, total in totals.items():
        rows = rows_of(exporter, "exposure", currency="usd", diagnosis=diagnosis)
        assert (len(rows), summed(rows, "mrr_at_risk_micro")) == (total.customers, total.amount_micro)


def test_payments_sum_to_their_month(exporter: Exporter) -> None:
    month = sums.Month("usd", date(2026, 10, 1))
    with tenant(exporter.organization.id):
        refunded = sums.refunds(shown(exporter), month)
        left = sum(one.lost_micro for one in sums.reasons(shown(exporter), month))
    refunds = rows_of(exporter, "refunds", month="2026-10", currency="usd")
    assert summed(refunds, "amount_micro") == refunded.amount_minor * 1_000_000
    gone = rows_of(exporter, "cancellations", month="2026-10", currency="usd")
    reasons = rows_of(exporter, "cancellation_reasons", month="2026-10", currency="usd")
    assert summed(gone, "mrr_lost_micro") == summed(reasons, "mrr_lost_micro") == left


def test_what_is_not_in_mrr_sums_to_what_was_invoiced(exporter: Exporter) -> None:
    rows = rows_of(exporter, "excluded", month="2026-10", currency="usd")
    with tenant(exporter.organization.id):
        month = ledger.month(shown(exporter), "usd", date(2026, 10, 1))
    assert summed(rows, "part_micro") == month.amount_micro


def test_closed_months_are_as_published(exporter: Exporter) -> None:
    rows = rows_of(exporter, "closed_months", month="2026-10")
    (month,) = rows_of(exporter, "months", currency="usd", month="2026-10", span="1")
    ending = [one for one in rows if (one["currency"], one["figure"]) == ("usd", "ending_micro")]
    assert [one["published"] for one in ending] == [month["ending_mrr_micro"]]


def test_the_bridge_leads_from_ours_to_each_tool_s_once_it_is_compared(exporter: Exporter) -> None:
    early = exporter.ask("bridge", month="2026-08", currency="usd")
    assert (early.status_code, "has not been compared yet" in early.content.decode()) == (409, True)
    exporter.client.get("/o/acme/audit/bridge/?month=2026-10&currency=usd")
    rows = rows_of(exporter, "bridge", month="2026-10", currency="usd")
    for tool in {one["tool"] for one in rows}:
        walk = [one for one in rows if one["tool"] == tool]
        assert walk[-1]["mrr_after_micro"] == walk[0]["our_mrr_micro"] + summed(walk, "moves_micro")


def test_stripe_s_shapes_tell_the_same(exporter: Exporter) -> None:
    wide = rows_of(exporter, "stripe_mrr_per_subscriber", month="2026-10", span="3", currency="usd")
    assert [*wide[0]] == [
        *("Customer", "Customer Email", "Customer ID", "Start Date", "End Date", "Currency"),
        *("2026-08", "2026-09", "2026-10"),
    ]
    held = rows_of(exporter, "customers", on="2026-10-31", currency="usd")
    ends = {one["Customer ID"]: one["2026-10"] for one in wide if float(one["2026-10"])}
    assert ends == {one["customer_id"]: one["mrr"] for one in held if float(one["mrr"])}
    changes = rows_of(exporter, "stripe_customer_mrr_changes", month="2026-10", currency="usd")
    moved = rows_of(exporter, "movements", month="2026-10", currency="usd", window="day")
    assert [(one["Customer ID"], one["MRR Change"]) for one in changes] == [
        (one["customer_id"], one["amount"]) for one in moved
    ]
    assert {one["Type"] for one in changes} <= {"new", "upgrade", "downgrade", "reactivation", "churn"}
    (summary,) = rows_of(exporter, "stripe_metrics_summary", month="2026-10", span="1", currency="usd")
    (month,) = rows_of(exporter, "months", month="2026-10", span="1", currency="usd")
    assert summary["MRR at End"] == month["ending_mrr"]
    assert summary["Subscribers at End"] == month["customers_end"]


def test_a_payer_s_name_is_no_formula_and_whole(exporter: Exporter) -> None:
    header, rows = of_csv(exporter.content("movements"))
    names = {row[header.index("customer_name")] for row in rows}
    assert f"'{HOSTILE}" in names


def test_a_month_is_netted_as_the_definition_says(exporter: Exporter) -> None:
    with tenant(exporter.organization.id):
        set_definition(exporter.organization.id, {"movement_window": "month"}, by=exporter.owner.user)
    recompute(exporter.organization.id)
    rows = rows_of(exporter, "movements", month="2026-09", currency="usd")
    (month,) = rows_of(exporter, "months", currency="usd", month="2026-09", span="1")
    assert summed(rows, "amount_micro", kind="new") == month["new_mrr_micro"]
    assert {one["date"] for one in rows} == {"2026-09-01"}
