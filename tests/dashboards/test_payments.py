"""The page of payments: failed and recovered ones, refunds, departures, each opening its rows."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from pytest_django.plugin import DjangoDbBlocker

from accounts.tenancy import tenant
from dashboards import payment_rows
from metrics.build.rebuild import EDITION
from metrics.models import CurrentBuild
from metrics.payments import lines
from metrics.payments.sums import COUNTED_SINCE, kind_of
from tests.dashboards.at_risk import AtRisk, at_risk
from tests.dashboards.crawler import ROWS, numbers, page, rows
from tests.dashboards.test_statements import statements

URL = "/o/acme/payments/"
MONTHS = ("2026-10", "2026-11")
OBJECT = re.compile(r'href="(/o/acme/objects/[^"]+)"')


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[AtRisk]:
    with django_db_blocker.unblock(), at_risk() as one:
        yield one


@pytest.mark.parametrize("month", MONTHS)
def test_every_number_opens_rows_that_come_to_it(business: AtRisk, month: str) -> None:
    found = numbers(page(business.viewer.client, f"{URL}?month={month}"))
    assert len(found) > 8
    for one in found:
        amounts = amounts_of(business, one.url)
        if "count" in one.said:
            assert len(amounts) == int(one.said["count"]), one
        else:
            assert sum(amounts) == int(one.said["amount-micro"]), one


def amounts_of(business: AtRisk, url: str) -> list[int]:
    return [int(one) for one in ROWS.findall(page(business.viewer.client, url))]


def test_what_was_paid_since_counts_as_recovered(business: AtRisk) -> None:
    failed, recovered = (
        sum(len(amounts_of(business, f"{URL}{name}/?month={month}")) for month in MONTHS)
        for name in ("failed", "recovered")
    )
    assert 2 <= recovered < failed


def test_refunds_stand_beside_mrr(business: AtRisk) -> None:
    refunds = {one.id: one.amount for one in business.mirror.company.book.all("refund")}
    found = [one for month in MONTHS for one in amounts_of(business, f"{URL}refunds/?month={month}")]
    assert sum(found) == 1_000_000 * sum(refunds.values())
    assert "A refund never lowers MRR." in page(business.viewer.client, URL)


def test_a_departure_says_whose_wish_it_was(business: AtRisk) -> None:
    html = unescape(
        "".join(page(business.viewer.client, f"{URL}cancellations/?month={one}") for one in MONTHS)
    )
    assert "Voluntary: cancellation (cancellation requested, too expensive)" in html
    assert "Involuntary: " in html


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (["cancellation:cancellation_requested:unused"], "voluntary"),
        (["cancellation:payment_failed"], "involuntary"),
        (["payment_failure", "cancellation"], "involuntary"),
        (["paused"], "other"),
        ([], "other"),
    ],
)
def test_a_payment_that_failed_makes_a_loss_involuntary(codes: list[str], kind: str) -> None:
    assert kind_of(codes) == kind


@pytest.mark.parametrize("name", ["failed", "refunds", "cancellations"])
def test_lists_go_on_where_a_page_ends(business: AtRisk, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    url = f"{URL}{name}/?month=2026-10"
    whole = amounts_of(business, url)
    for module in (payment_rows, lines):
        monkeypatch.setattr(module, "PAGE", 1)
    assert rows(business.viewer.client, url).amounts == whole


def test_a_row_opens_what_is_stored(business: AtRisk) -> None:
    html = page(business.viewer.client, f"{URL}failed/?month=2026-10")
    assert business.viewer.client.get(unescape(OBJECT.findall(html)[0])).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?month=13", 400),
        ("?month=1999-01", 404),
        ("?currency=EUR", 400),
        ("failed/?day=2026-10-32", 400),
        ("failed/?month=2026-10&day=2026-11-01", 400),
        ("failed/?after=x", 400),
        ("failed/?after=2026-10-01~00000000-0000-0000-0000-000000000001~a", 400),
        ("cancellations/?after=2026-10-01T00:00:00%2B00:00~00000000-0000-0000-0000-000000000001~a", 400),
        ("failed/?why=cancellation", 400),
        ("cancellations/?why=a%00", 400),
        ("chargebacks/", 404),
    ],
)
def test_a_bad_address_is_told_what_is_wrong(business: AtRisk, path: str, status: int) -> None:
    assert business.owner.client.get(URL + path).status_code == status


def test_until_a_build_has_counted_payments_none_are_told(business: AtRisk) -> None:
    with tenant(business.mirror.organization_id):
        CurrentBuild.objects.update(edition=COUNTED_SINCE - 1)
        try:
            html = page(business.viewer.client, URL)
        finally:
            CurrentBuild.objects.update(edition=EDITION)
    assert "There are no payments to show yet." in html
    assert not numbers(html)


def test_the_pages_ask_little(business: AtRisk) -> None:
    for url in (URL, f"{URL}failed/", f"{URL}cancellations/"):
        asked = statements(business.owner, url)
        assert len(asked) <= 12, "\n".join(asked)
