"""The buttons of pages and the page of files: each gives what its page shows, to every member."""

import re
from html import unescape

import pytest

from accounts.models import Organization
from dashboards.exports.offering import chosen
from dashboards.exports.registry import TABLES
from tests.cast import Person
from tests.dashboards.exports.conftest import Exporter
from tests.dashboards.exports.reading import of_csv
from tests.dashboards.test_statements import statements

FORM = re.compile(r'<form class="row" method="post" action="/o/acme/data/exports">(.*?)</form>', re.DOTALL)
INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
TOTAL = re.compile(r'data-total-micro="(-?\d+)"')
MOST_STATEMENTS = 12


def buttons(html: str) -> list[dict[str, str]]:
    """Return what each pair of buttons of a page asks for."""
    asked = [{name: unescape(text) for name, text in INPUT.findall(form)} for form in FORM.findall(html)]
    return [{name: text for name, text in one.items() if name != "csrfmiddlewaretoken"} for one in asked]


def summed(exporter: Exporter, asked: dict[str, str], column: str) -> int:
    narrowed = {name: text for name, text in asked.items() if name != "table"}
    header, rows = of_csv(exporter.content(asked["table"], "csv", **narrowed))
    return sum(int(row[header.index(column)]) for row in rows)


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("movements/?month=2026-10&currency=usd", "amount_micro"),
        ("movements/?month=2026-10&currency=usd&kind=churn", "amount_micro"),
        ("movements/?from=2026-09-03&to=2026-10-20&least=50&reason=cancellation", "amount_micro"),
        ("customers/?on=2026-07-04&currency=usd", "mrr_micro"),
        ("customers/?on=2026-10-31&currency=usd&figure=committed_mrr", "committed_mrr_micro"),
        ("exposure/?currency=usd", "mrr_at_risk_micro"),
        ("exposure/?currency=usd&diagnosis=renewal&sort=due", "mrr_at_risk_micro"),
    ],
)
def test_the_file_of_a_page_sums_to_the_page(exporter: Exporter, path: str, column: str) -> None:
    html = exporter.client.get(f"/o/acme/{path}").content.decode()
    (asked,) = buttons(html)
    total = TOTAL.search(html)
    assert total
    assert abs(summed(exporter, asked, column)) == abs(int(total[1]))


@pytest.mark.parametrize(
    "path",
    ["", "payments/?month=2026-10", "payments/failed/?month=2026-10", "alerts/", "audit/months/"],
)
def test_the_buttons_of_a_page_give_files(exporter: Exporter, path: str) -> None:
    found = buttons(exporter.client.get(f"/o/acme/{path}").content.decode())
    assert found
    for asked in found:
        narrowed = {name: text for name, text in asked.items() if name != "table"}
        assert exporter.content(asked["table"], "json", **narrowed).startswith(b"[")


def test_what_a_file_cannot_be_narrowed_by_stands_in_place_of_the_buttons(exporter: Exporter) -> None:
    assert chosen(TABLES["customers"], {"status": "past_due"}) is None
    assert chosen(TABLES["customers"], {"plan": "price_1", "after": "x", "sort": "name"}) == {
        "plan": "price_1"
    }
    html = exporter.client.get("/o/acme/customers/?status=past_due").content.decode()
    assert "A file cannot be narrowed like this" in html
    assert not buttons(html)


def test_the_page_of_files_offers_every_table_in_few_statements(exporter: Exporter) -> None:
    exporter.content("months")
    assert len(statements(exporter.owner, "/o/acme/data/")) <= MOST_STATEMENTS
    html = exporter.client.get("/o/acme/data/").content.decode()
    assert {one["table"] for one in buttons(html)} == TABLES.keys()
    assert "definition version 1" in html


def test_whoever_may_only_look_may_export(organization: Organization, teammate: Person) -> None:
    assert teammate.client.get("/o/acme/data/").status_code == 200
    early = teammate.client.post("/o/acme/data/exports", {"table": "months", "format": "csv"})
    assert (early.status_code, "There are no numbers yet" in early.content.decode()) == (409, True)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"table": "x", "format": "csv"}, 404, "There is no table x"),
        ({"table": "months", "format": "xml"}, 400, "written as one of csv, json"),
        ({"table": "months", "format": "csv", "x": "1"}, 400, "no parameter x"),
        (
            {"table": "movements", "format": "csv", "month": "2026-10", "from": "2026-10-01"},
            400,
            "Choose a month",
        ),
        ({"table": "movements", "format": "csv", "least": "5"}, 400, "choose one"),
        ({"table": "movements", "format": "csv", "least": "x", "currency": "usd"}, 400, "such as 1250"),
        (
            {"table": "days", "format": "csv", "from": "2026-10-02", "to": "2026-10-01"},
            400,
            "must lie before",
        ),
        ({"table": "months", "format": "csv", "span": "0"}, 400, "from 1 to 1200"),
    ],
)
def test_a_wrong_request_is_told_what_to_do(
    exporter: Exporter, asked: dict[str, str], status: int, words: str
) -> None:
    answer = exporter.client.post("/o/acme/data/exports", asked)
    assert (answer.status_code, words in unescape(answer.content.decode())) == (status, True)
