"""The clean check and the excluded ledger as pages: every figure opens rows that sum to it."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.http import FileResponse

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import scripted
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics import queries
from metrics.bridge import comparing
from metrics.bridge.models import Comparison
from metrics.build.recompute import recompute
from metrics.clean.checking import SUBJECT
from metrics.clean.reading import Report, report
from metrics.core.money import major
from metrics.invoiced.models import InvoicedLine
from tests.cast import Person
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored

NAMES = ("trial_converts", "percent_forever", "setup_fee", "tax_inclusive", "to_yearly", "percent_once")
CLEAN, EXCLUDED = "/o/acme/audit/clean/", "/o/acme/audit/excluded/"


@pytest.fixture
def business(organization: Organization) -> Iterator[None]:
    told = [(STORIES[name], NOW - timedelta(days=days)) for name in NAMES for days in (9, 40)]
    told.append((STORIES["refunded_and_gone"], datetime(2026, 8, 27, tzinfo=UTC)))
    told.append((STORIES["to_yearly"], datetime(2026, 1, 5, tzinfo=UTC)))
    mirrored(organization, scripted(told, NOW))
    with set_now(NOW):
        recompute(organization.id)
        yield


def kept(organization: Organization) -> Report:
    with tenant(organization.id):
        shown = queries.shown(organization.id)
        where = comparing.place(shown, shown.today.replace(day=1), "usd")
        found = report(where) if where else None
    assert found
    return found


def text_of(person: Person, url: str, status: int = 200) -> str:
    answer = person.client.get(url)
    assert answer.status_code == status
    return re.sub(r"\s+", " ", unescape(answer.content.decode()))


@pytest.mark.usefixtures("business")
def test_every_number_of_both_pages_opens_rows_that_sum_to_it(teammate: Person) -> None:
    links = set[str]()
    for url in (CLEAN, f"{CLEAN}?month=2026-10", EXCLUDED, f"{EXCLUDED}?month=2026-10"):
        for one in numbers(page(teammate.client, url)):
            held_against_its_rows(teammate.client, one)
            links.add(one.url)
    assert len(links) > 20
    rules = {urlsplit(url).path.split("/")[5] for url in links}
    assert {"long_plans", "refunds", "out-trial", "counted"} <= rules
    behind = set[str]()
    for link in sorted(links)[::4]:
        rows = re.findall(r"<tr[^>]*> (.+?) </tr>", text_of(teammate, link).split("<tbody>")[1])
        assert rows
        for row in rows:
            opened = re.findall(r'href="(/o/acme/[^"]+)"', row)
            assert [url.split("/")[3] for url in opened] == ["customers", "objects"], row
            behind.update(opened)
    lines = [url for url in behind if "?line=" in url]
    assert lines
    for url in (*lines[:3], *sorted(behind - set(lines))[::5]):
        text_of(teammate, url)


@pytest.mark.usefixtures("business")
def test_an_invoice_opens_at_stripe_where_the_account_is_theirs(owner: Person) -> None:
    text_of(owner, EXCLUDED)
    opened = text_of(owner, f"{EXCLUDED}setup_fee")
    invoice = re.findall(r"/objects/[^/]+/(in_\w+)/", opened)[0]
    assert f'href="https://dashboard.stripe.com/test/invoices/{invoice}"' in opened


@pytest.mark.usefixtures("business")
def test_the_ledger_as_a_file_leaves_nothing_and_tells_nothing_twice(
    owner: Person, organization: Organization
) -> None:
    with tenant(organization.id):
        InvoicedLine.objects.filter(kind="setup_fee").update(line_id="=cmd()", customer_id="@ada")
    told = json.loads(whole(owner, "/o/acme/audit/excluded.json"))
    sums = Counter[str]()
    for line in told["lines"]:
        sums[line["rule"]] += line["part_micro"]
    assert {rule: amount for rule, amount in told["parts"].items() if amount} == {
        rule: amount for rule, amount in sums.items() if amount
    }
    assert sum(sums.values()) == told["invoiced_micro"] > 0
    assert {one["rule"] for one in told["subscriptions_now"]} == {"trial"}
    rows = list(csv.DictReader(io.StringIO(whole(owner, "/o/acme/audit/excluded.csv"))))
    assert len(rows) == len(told["lines"])
    assert sum(int(row["part_micro"]) for row in rows) == told["invoiced_micro"]
    assert {("'@ada", "'=cmd()")} == {
        (row["customer_id"], row["line_id"]) for row in rows if row["kind"] == "setup_fee"
    }


def whole(person: Person, url: str) -> str:
    """Return a file that was written before it was sent."""
    answer = person.client.get(url)
    assert isinstance(answer, FileResponse)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="not-in-mrr-acme-2026-11')
    return bytes(answer.getvalue()).decode()


@pytest.mark.usefixtures("business")
def test_a_file_of_no_month_says_what_would_be_one(owner: Person) -> None:
    for ending in ("csv", "json"):
        assert "A month is written" in text_of(owner, f"/o/acme/audit/excluded.{ending}?month=2026", 400)


@pytest.mark.usefixtures("business")
def test_a_typed_number_is_explained(owner: Person, organization: Organization) -> None:
    text_of(owner, CLEAN)
    found = kept(organization)
    typed = major(found.mrr_micro + found.amount("discounts") + found.amount("trials"), "usd")
    assert "Found: Trials in + Discounts ignored." in text_of(owner, f"{CLEAN}?number={typed:,}")
    assert "Your spreadsheet is right." in text_of(owner, f"{CLEAN}?number={major(found.mrr_micro, 'usd')}")
    assert "Write the number with digits" in text_of(owner, f"{CLEAN}?number=lots", 400)


@pytest.mark.usefixtures("business")
def test_the_pages_ask_little_once_checked(owner: Person) -> None:
    for url in (CLEAN, EXCLUDED):
        text_of(owner, url)
        asked = statements(owner, url)
        assert len(asked) <= 12, "\n".join(asked)


@pytest.mark.usefixtures("business")
def test_a_large_check_is_made_in_the_background(
    owner: Person, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 1)
    assert "The check is being made" in text_of(owner, CLEAN)
    jobs.run_until_idle(organization.id)
    assert "Five points" in text_of(owner, CLEAN)


@pytest.mark.usefixtures("business")
def test_a_check_follows_the_numbers(owner: Person, organization: Organization) -> None:
    text_of(owner, CLEAN)
    first = kept(organization)
    with set_now(NOW + timedelta(hours=1)):
        recompute(organization.id)
        text_of(owner, CLEAN)
    assert kept(organization).computed_at > first.computed_at
    with tenant(organization.id):
        assert Comparison.objects.filter(subject=SUBJECT).count() == 1


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"{CLEAN}nonsense", 404),
        (f"{CLEAN}trials?after=nonsense", 400),
        (f"{CLEAN}?month=2026", 400),
        (f"{EXCLUDED}nonsense", 404),
        (f"{EXCLUDED}counted?after=nonsense", 400),
        (f"{EXCLUDED}counted?after={UUID(int=0)}~1~%00~cus_1", 400),
        (f"{EXCLUDED}?currency=xxx", 404),
    ],
)
def test_a_wrong_address_is_explained(owner: Person, business: None, url: str, status: int) -> None:
    text_of(owner, CLEAN)
    text_of(owner, url, status)


def test_before_any_numbers_the_pages_say_so(owner: Person) -> None:
    assert "There is no revenue to check yet." in text_of(owner, CLEAN)
    assert "Nothing has been invoiced yet." in text_of(owner, EXCLUDED)
