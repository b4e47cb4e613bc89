"""Files by a program: made by a POST, heard of, and fetched, as far as the token's scopes reach."""

import json
from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import tenant
from config.clock import set_now
from dashboards.api.tokens import CUSTOMERS, EXPORTS, METRICS, PAYERS
from dashboards.exports import making
from dashboards.exports.registry import TABLES
from dashboards.jobs import make_export
from tests.dashboards.api.programs import NOW, Program, Two, program
from tests.dashboards.api.test_requests import problem
from tests.dashboards.exports.reading import of_csv

MOVEMENTS = {"table": "movements", "format": "json", "parameters": {"month": "2026-10", "currency": "usd"}}


@pytest.fixture
def whole(two: Two) -> Program:
    return program(two.reader.organization, two.owner, [METRICS, CUSTOMERS, PAYERS, EXPORTS])


def fetched(one: Program, asked: dict[str, Any]) -> bytes:
    answer = one.post("exports", asked)
    assert answer.status_code == 201, answer.content
    file = one.get(f"exports/{answer.json()['data']['id']}/file")
    assert file.status_code == 200
    return b"".join(file.streaming_content)


def test_a_file_holds_what_the_operations_list(whole: Program) -> None:
    rows = json.loads(fetched(whole, MOVEMENTS))
    listed = [*whole.every("movements", currency="usd", **{"from": "2026-10-01", "to": "2026-11-01"})]
    assert sorted((one["customer_id"], one["amount_micro"]) for one in rows) == sorted(
        (one["customer_id"], one["amount_micro"]) for one in listed
    )
    assert rows


def test_every_table_is_told_with_its_columns_and_can_be_made(whole: Program) -> None:
    with set_now(NOW):
        tables = [*whole.every("exports/tables", limit=10)]
        assert {one["name"] for one in tables} == TABLES.keys()
        for one in tables:
            if one["name"] != "bridge":
                header, _ = of_csv(fetched(whole, {"table": one["name"], "format": "csv"}))
                assert len(header) >= len(one["columns"]) - 1


def test_a_large_file_is_heard_of_until_it_is_ready(whole: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "AT_ONCE", 0)
    first, twice = whole.post("exports", MOVEMENTS), whole.post("exports", MOVEMENTS)
    assert (first.status_code, first.json()["data"]["state"]) == (202, "waiting")
    name = first.json()["data"]["id"]
    assert twice.json()["data"]["id"] == name
    assert "not ready" in problem(whole.get(f"exports/{name}/file"), 409)
    make_export(whole.organization.id, name)
    told = whole.data(f"exports/{name}")
    assert (told["state"], told["definition_version"]) == ("ready", 1)
    assert name in {one["id"] for one in whole.every("exports", limit=1)}
    assert whole.get(f"exports/{name}/file").status_code == 200
    with tenant(whole.organization.id):
        entries = AuditEntry.objects.filter(subject=name).order_by("at")
        assert [(one.action, one.details["token"]) for one in entries] == [
            ("export.made", "a program"),
            ("export.fetched", "a program"),
        ]


@pytest.mark.parametrize(
    ("scopes", "asked", "missing"),
    [
        ([METRICS, CUSTOMERS], {}, EXPORTS),
        ([EXPORTS, METRICS], {}, CUSTOMERS),
        ([EXPORTS, CUSTOMERS], {"names": True}, PAYERS),
    ],
)
def test_a_file_needs_the_scopes_of_what_is_in_it(
    two: Two, scopes: list[str], asked: dict[str, Any], missing: str
) -> None:
    one = program(two.reader.organization, two.owner, scopes)
    assert missing in problem(one.post("exports", MOVEMENTS | asked), 403)


def test_without_the_scope_of_names_a_file_has_none(two: Two, whole: Program) -> None:
    plain = program(two.reader.organization, two.owner, [EXPORTS, CUSTOMERS])
    assert "customer_name" not in json.loads(fetched(plain, MOVEMENTS))[0]
    assert "customer_name" in json.loads(fetched(whole, MOVEMENTS))[0]
    named = whole.post("exports", MOVEMENTS).json()["data"]["id"]
    assert PAYERS in problem(plain.get(f"exports/{named}/file"), 403)


def test_another_organization_s_file_is_not_there(two: Two, whole: Program) -> None:
    name = whole.post("exports", MOVEMENTS).json()["data"]["id"]
    other = program(two.other.organization, two.owner, [EXPORTS, METRICS, CUSTOMERS, PAYERS])
    assert "no such file" in problem(other.get(f"exports/{name}"), 404)
    assert "no such file" in problem(other.get(f"exports/{name}/file"), 404)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"table": "all", "format": "csv"}, 404, "There is no table all. There are: months"),
        ({"table": "months", "format": "xls"}, 400, "'csv' or 'json'"),
        ({"table": "months", "format": "csv", "more": 1}, 400, "more: "),
        ({"table": "months", "format": "csv", "parameters": {"kind": "new"}}, 400, "no parameter kind here"),
        (
            {"table": "movements", "format": "csv", "parameters": {"month": "10"}},
            400,
            "A month is written as",
        ),
        ({"table": "movements", "format": "csv", "parameters": {"from": "x"}}, 400, "A day is written as"),
        ({"table": "movements", "format": "csv", "parameters": {"currency": "EUR"}}, 400, "three small"),
        ({"table": "movements", "format": "csv", "parameters": {"kind": "sale"}}, 400, "kind is one of"),
        ({"table": "customers", "format": "csv", "parameters": {"on": "2100-01-01"}}, 404, "not come yet"),
        ({"table": "segments", "format": "csv", "parameters": {"customer": "cus_1"}}, 400, "together"),
        ({"table": "segments", "format": "csv", "parameters": {"connection": "1"}}, 400, "by its id"),
        ({"table": "months", "format": "csv", "parameters": {"\ud800": "1"}}, 400, ""),
        ("{", 400, ""),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(whole: Program, body: Any, status: int, words: str) -> None:
    assert words in problem(whole.post("exports", body), status)
