"""The API's numbers are those of the commands, each row comes once, and none is another organization's."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.tenancy import tenant
from billing_sync.models import Payer
from dashboards.api.tokens import CUSTOMERS, METRICS, PAYERS
from metrics.models import Movement
from tests.dashboards.api.programs import NOW, Two, program


def printed(*words: str) -> Any:
    out = StringIO()
    call_command(*words, stdout=out)
    return json.loads(out.getvalue())


def test_the_figures_are_those_that_the_commands_print(two: Two) -> None:
    reader = two.reader
    assert reader.data("metrics") == [printed("metrics", "acme")]
    assert reader.data("metrics", months=40, month="2026-10") == printed_months("--months", "41")[:40]
    assert reader.data("metrics", months=3, **{"in": "usd"}) == printed_months("--months", "3", "--in", "usd")
    movements = [*reader.every("movements", limit=7)]
    told = printed("movements", "acme", "--format", "json")
    assert [words(row) for row in movements] == told
    assert [words(row) for row in reader.every("movements", kind="churn")] == [
        row for row in told if row["kind"] == "churn"
    ]
    some = reader.data("movements", limit=1000, **{"from": "2026-01-01", "to": "2026-07-01"})
    assert [words(row) for row in some] == [row for row in told if "2026-01-01" <= row["date"] < "2026-07-01"]


def printed_months(*words: str) -> list[Any]:
    return list(printed("metrics", "acme", *words))


def words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a movement as the command prints it."""
    joined = {name: " ".join(row[name]) for name in ("subscription_ids", "reasons")}
    return {**{name: row[name] for name in row if name not in ("connection_id", "after_micro")}, **joined}


@pytest.mark.parametrize("on", ["2026-11-15", "2026-08-31", "2025-02-14"])
def test_customers_hold_on_a_day_what_the_command_prints(two: Two, on: str) -> None:
    reader = two.reader
    rows = [*reader.every("customers", on=on, limit=3)]
    told = printed("customers", "acme", "--on", on, "--format", "json")
    assert [{name: row[name] for name in ("customer_id", "currency", "mrr_micro")} for row in rows] == told
    assert all(row["arr_micro"] == 12 * row["mrr_micro"] for row in rows)


def test_a_customer_s_segments_and_movements_come_to_its_balance(two: Two) -> None:
    reader = two.reader
    for row in reader.data("customers", limit=4):
        address = f"customers/{row['connection_id']}/{row['customer_id']}"
        one = reader.data(address)
        held = {each["currency"]: each["mrr_micro"] for each in one["mrr"]}
        assert held[row["currency"]] == row["mrr_micro"]
        moved = [*reader.every(f"{address}/movements", limit=2)]
        assert one["first_moved_on"] == moved[0]["date"]
        assert sum(each["amount_micro"] for each in moved) == sum(held.values())
        segments = [*reader.every(f"{address}/segments", limit=2)]
        running = [each for each in segments if each["from"] <= "2026-11-15T12:00:00Z"]
        assert sum(
            each["mrr_micro"] for each in running if (each["to"] or "9") > "2026-11-15T12:00:00Z"
        ) == sum(held.values())


def test_plans_sum_to_the_month(two: Two) -> None:
    reader = two.reader
    (month,) = reader.data("metrics", month="2026-09")
    plans = [*reader.every("plans", month="2026-09", currency=month["currency"], limit=1)]
    assert len(plans) > 1
    assert sum(plan["mrr_micro"] for plan in plans) == month["recurring_revenue"]["ending_mrr_micro"]


def test_pages_bring_every_row_once_while_rows_come_in(two: Two) -> None:
    reader = two.reader
    before = [row_key(row) for row in reader.every("movements", limit=1000)]
    page, found = reader.get("movements", {"limit": 5}).json(), []
    while True:
        found += [row_key(row) for row in page["data"]]
        with tenant(reader.organization.id):
            for on in ("2020-01-01", "2026-11-15"):
                insert_beside(on, f"cus_meanwhile_{len(found):04}")
        if page["next"] is None:
            break
        page = reader.get(page["next"].removeprefix("http://localhost:8000")).json()
    with tenant(reader.organization.id):
        Movement.objects.filter(customer_id__startswith="cus_meanwhile").delete()
    assert len(found) == len(set(found))
    assert [key for key in found if key in set(before)] == before


def row_key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["date"], row["connection_id"], row["customer_id"], row["currency"]


def insert_beside(on: str, customer_id: str) -> None:
    """Add a movement of somebody else on a day."""
    row = Movement.objects.order_by("date").first()
    assert row is not None
    values = {field.attname: getattr(row, field.attname) for field in Movement._meta.concrete_fields}
    Movement.objects.create(**{**values, "date": on, "customer_id": customer_id})


def test_nothing_of_another_organization_is_told(two: Two) -> None:
    reader, other = two.reader, two.other
    row = reader.data("customers", limit=1)[0]
    mine = f"customers/{row['connection_id']}/{row['customer_id']}"
    for path in (mine, f"{mine}/movements", f"{mine}/segments"):
        assert reader.get(path).status_code == 200
        assert other.get(path).status_code == 404
    assert other.data("movements", connection=row["connection_id"]) == []
    cursor = reader.get("customers", {"limit": 1}).json()["next"].partition("cursor=")[2]
    for path in ("movements", "customers", "token", "metrics?months=12"):
        assert row["connection_id"] not in other.get(path).content.decode()
    assert row["connection_id"] not in other.get("customers", {"cursor": cursor}).content.decode()


def test_names_need_their_own_scope(two: Two) -> None:
    reader, organization = two.reader, two.reader.organization
    row = reader.data("customers", limit=1)[0]
    with tenant(organization.id):
        Payer.objects.update_or_create(
            organization_id=organization.id,
            connection_id=row["connection_id"],
            customer_id=row["customer_id"],
            defaults={"name": "Ada Lovelace", "email": "ada@example.com", "fetched_at": NOW},
        )
    address = f"customers/{row['connection_id']}/{row['customer_id']}"
    knowing = program(organization, two.owner, [CUSTOMERS, PAYERS])
    for path in ("customers?limit=1", address, f"{address}/movements"):
        assert b"Ada Lovelace" in knowing.get(path).content
        assert b"ada@example.com" in knowing.get(path).content
        assert b"Ada" not in reader.get(path).content
        assert b"name" not in reader.get(path).content


def test_what_was_said_and_published_is_told(two: Two) -> None:
    months = two.reader.data("closed-months")
    (published,) = printed("metrics", "acme", "--months", "2")[:1]
    usd = next(month for month in months if month["currency"] == published["currency"])
    assert usd["published"]["recurring_revenue"] == published["recurring_revenue"]
    assert usd["restated"] == usd["published"]
    (rate,) = two.reader.data("exchange-rates")
    assert (rate["base"], rate["quote"], rate["rate"], rate["source"]) == ("usd", "eur", "0.91", "csv")
    definition = two.reader.data("definition")
    assert two.reader.data("definitions")[0]["settings"] == definition["settings"]
    assert published["alerts"] == definition["alert_rules"]["settings"]


def test_customers_behind_alerts_and_restatements_need_their_scope(two: Two) -> None:
    figures = program(two.reader.organization, two.owner, [METRICS])
    for path, field in (("alerts", "evidence"), ("restatements", "objects")):
        (known,), (row,) = two.reader.data(path), figures.data(path)
        assert known == {**row, field: known[field]}
        assert field not in row
    assert two.reader.data("alerts", firing="false") == []
