"""Customers and movements under their filters, and what members add to a customer."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Charge
from billing_sync.payload import write_payload
from config.clock import set_now
from dashboards.models import CustomerNote, ServiceCost, SizeBucket
from metrics import queries
from tests.cast import Person, member
from tests.dashboards.crawler import NEXT, held_against_its_rows, numbers, page, rows
from tests.dashboards.listed import LIST, Business, company
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

MOVES = "/o/acme/movements/"


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Business]:
    with django_db_blocker.unblock():
        yield from company()


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with set_now(NOW):
        yield


def test_every_number_of_the_list_opens_rows_that_sum_to_it(business: Business) -> None:
    for query in ("?currency=usd", "?currency=usd&figure=arr"):
        html = page(business.owner.client, LIST + query)
        found = [one for one in numbers(html) if one.url.startswith("?")]
        assert len(found) >= 9
        for one in found:
            held_against_its_rows(business.owner.client, type(one)(LIST + one.url, one.said))


def test_sizes_statuses_and_plans_each_sum_to_the_headline(business: Business) -> None:
    whole = rows(business.owner.client, f"{LIST}?currency=usd")
    html = page(business.owner.client, f"{LIST}?currency=usd")
    plans = re.findall(r'<option value="(price_[^"]+|plan_[^"]+)"', html)
    assert plans
    for parts in (
        [f"bucket={place}" for place in range(3)],
        [f"status={one}" for one in ("active", "past_due", "canceling")],
        [f"plan={one}" for one in plans],
    ):
        found = [rows(business.owner.client, f"{LIST}?currency=usd&{one}") for one in parts]
        assert sum(one.total for one in found) == whole.total == sum(sum(one.amounts) for one in found)


def test_a_month_s_movements_by_kind_and_plan_sum_to_the_cell(business: Business) -> None:
    base = f"{MOVES}?month=2026-10&currency=usd"
    whole, html = rows(business.owner.client, base), page(business.owner.client, base)
    cell = next(
        one
        for one in numbers(page(business.owner.client, "/o/acme/?month=2026-10&currency=usd"))
        if one.url == base
    )
    assert whole.total == int(cell.said["amount-micro"])
    kinds = [f"kind={one}" for one in ("new", "expansion", "reactivation", "contraction", "churn")]
    sizes = ["most=49", "least=49.01&most=200", "least=200.01"]
    for parts in (kinds, sizes):
        found = [rows(business.owner.client, f"{base}&{one}") for one in parts]
        assert sum(one.total for one in found) == whole.total == sum(sum(one.amounts) for one in found)
    assert "2026-09" in unescape(html)


def test_a_filter_is_a_chip_that_its_link_removes(business: Business) -> None:
    html = page(business.owner.client, f"{MOVES}?month=2026-10&currency=usd&kind=new&least=1&text=Birch")
    chips = re.findall(r'<a class="chip" href="([^"]+)"', html)
    assert len(chips) == 3
    for name, address in zip(("kind", "least", "text"), map(unescape, chips), strict=True):
        assert f"{name}=" not in address
    assert "Begins with “Birch”" in html
    assert 'value="2026-10"' in html


def test_a_text_is_looked_for_at_the_beginning_of_names(business: Business) -> None:
    every = rows(business.owner.client, f"{LIST}?currency=usd")
    birch = rows(business.owner.client, f"{LIST}?currency=usd&text=BIRCH")
    assert 0 < len(birch.customers) < len(every.customers)
    assert "Birch &amp; Co" in birch.html
    identity = every.customers[0].rstrip("/").split("/")[-1]
    assert (
        rows(business.owner.client, f"{LIST}?currency=usd&text={identity}").customers == every.customers[:1]
    )


def test_sizes_are_what_an_admin_makes_of_them(business: Business) -> None:
    url = "/o/acme/customers/sizes"
    refused = [
        ({"start": ["0", "500", "100"], "name": ["A", "B", "C"]}, "C begins below B"),
        ({"start": ["0", "500", "500.00"], "name": ["A", "B", "C"]}, "B and C begin at the same amount"),
        ({"start": ["1"], "name": ["A"]}, "The first size begins at 0"),
        ({"start": ["0", "9"], "name": ["A", "a"]}, "Two sizes are called"),
        ({"start": ["0", "lots"], "name": ["A", "B"]}, "write from how much ARR it begins"),
        ({"start": ["0", "5"], "name": ["A", ""], "team": ["", "x"]}, "Name the size that begins at 5"),
        ({}, "The first size begins at 0"),
    ]
    for data, words in refused:
        response = business.owner.client.post(url, data)
        assert response.status_code == 422
        assert words in unescape(response.content.decode())
    tag = held(business.owner, f"{LIST}?currency=usd")
    sizes = {"start": ["0", "1,200", "", "6000"], "name": ["Little", "Middle", "", "Big"]}
    assert business.owner.client.post(url, sizes).status_code == 302
    assert (
        business.owner.client.get(f"{LIST}?currency=usd", headers={"If-None-Match": tag}).status_code == 200
    )
    html = page(business.owner.client, f"{LIST}?currency=usd")
    assert all(name in html for name in ("Little", "Middle", "Big"))
    parts = [rows(business.owner.client, f"{LIST}?currency=usd&bucket={place}").total for place in range(3)]
    assert sum(parts) == rows(business.owner.client, f"{LIST}?currency=usd").total
    with tenant(business.id):
        assert AuditEntry.objects.filter(action="customers.sizes_changed").count() == 1
        SizeBucket.objects.all().delete()


def held(person: Person, url: str) -> str:
    person.client.get(url)
    response = person.client.get(url)
    assert person.client.get(url, headers={"If-None-Match": response["ETag"]}).status_code == 304
    return response["ETag"]


def test_a_note_is_plain_text_that_its_author_or_an_admin_removes(business: Business) -> None:
    url, tag = business.customer, held(business.viewer, business.customer)
    text = "<script>alert(1)</script>\nrenews in May"
    assert business.writer.client.post(f"{url}notes", {"text": text}).status_code == 302
    assert business.viewer.client.get(url, headers={"If-None-Match": tag}).status_code == 200
    html = page(business.viewer.client, url)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nrenews in May" in html
    assert "<script>alert" not in html
    with tenant(business.id):
        note = CustomerNote.objects.get()
    removal = f"{url}notes/{note.id}/removal"
    assert removal not in html
    other = member("other@acme.example", Organization.objects.get(id=business.id), Role.MEMBER)
    assert other.client.post(removal).status_code == 403
    assert business.viewer.client.post(removal).status_code == 403
    assert business.owner.client.post(removal).status_code == 302
    assert business.owner.client.post(removal).status_code == 404
    with tenant(business.id):
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"customer_note.written", "customer_note.removed"} <= actions


def test_an_admin_finds_the_way_to_have_a_customer_forgotten(business: Business) -> None:
    way = f"/privacy/erasure?customer={business.customer.rstrip('/').rpartition('/')[2]}"
    assert way in page(business.owner.client, business.customer)
    assert way not in page(business.writer.client, business.customer)


def test_a_note_has_a_length_and_a_list_of_many_has_pages(business: Business) -> None:
    url = business.customer
    assert business.viewer.client.post(f"{url}notes", {"text": "x"}).status_code == 403
    for text, words in (("", "Write something first."), ("x" * 4_001, "at most 4,000 characters")):
        response = business.writer.client.post(f"{url}notes", {"text": text})
        assert response.status_code == 422
        assert words in response.content.decode()
    for number in range(45):
        with set_now(NOW + timedelta(seconds=number)):
            business.writer.client.post(f"{url}notes", {"text": f"note {number}."})
    found, address = [], url
    while address:
        html = page(business.owner.client, address)
        found += re.findall(r'<p class="note-text">note (\d+)\.', html)
        following = NEXT.search(html[html.index('id="notes"') :])
        address = unescape(following[1]) if following and "notes=" in following[1] else ""
    assert found == [str(number) for number in reversed(range(45))]
    with tenant(business.id):
        CustomerNote.objects.all().delete()


def test_a_cost_of_service_is_held_against_the_target_in_words(business: Business) -> None:
    url, tag = business.customer, held(business.owner, business.customer)
    assert "No cost is written down." in page(business.owner.client, url)
    assert business.viewer.client.post(f"{url}cost", {"currency": "usd", "amount": "1"}).status_code == 403
    for amount in ("-1", "lots", "1.234", "1e30", "NaN"):
        response = business.writer.client.post(f"{url}cost", {"currency": "usd", "amount": amount})
        assert response.status_code == 422, amount
        assert 'id="cost-error"' in response.content.decode()
    business.writer.client.post(f"{url}cost", {"currency": "usd", "amount": "100000"})
    assert business.owner.client.get(url, headers={"If-None-Match": tag}).status_code == 200
    assert "Over the target of 65%." in page(business.owner.client, url)
    assert business.owner.client.post("/o/acme/customers/target", {"service_target": "0"}).status_code == 422
    business.writer.client.post(f"{url}cost", {"currency": "usd", "amount": "0.01"})
    business.owner.client.post("/o/acme/customers/target", {"service_target": "40"})
    assert "Within the target of 40%." in page(business.owner.client, url)
    business.writer.client.post(f"{url}cost", {"currency": "usd", "amount": ""})
    with tenant(business.id):
        assert not ServiceCost.objects.exists()
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"service_cost.changed", "service_target.changed"} <= actions


def test_a_customer_s_invoices_and_failed_payments_open(business: Business) -> None:
    url = business.customer
    with tenant(business.id):
        connection_id, customer_id = url.split("/")[4:6]
        facts = {"payload": write_payload({"id": "ch_failed"}), "api_version": "", "fetched_at": NOW}
        Charge.objects.create(
            organization_id=business.id,
            connection_id=UUID(connection_id),
            stripe_id="ch_failed",
            customer_id=customer_id,
            status="failed",
            failure_code="insufficient_funds",
            currency="usd",
            amount_minor=4_900,
            created_at=NOW,
            **facts,
        )
    html = page(business.owner.client, url)
    assert "insufficient funds" in html
    assert "$49.00" in html
    opened = re.findall(rf'href="(/o/acme/objects/{connection_id}/(?:in_|ch_)[^"]+)"', html)
    assert "ch_failed" in opened[-1]
    for one in opened[:2]:
        page(business.owner.client, one)


def test_the_pages_ask_little(business: Business) -> None:
    with tenant(business.id):
        assert "jpy" in queries.currencies(business.id)
    for url in (
        f"{LIST}?currency=usd&status=active&bucket=0&country=US&text=c",
        f"{LIST}?currency=jpy&sort=oldest",
        f"{MOVES}?currency=usd&kind=new&interval=month&country=US&least=1&reason=started&text=c",
        f"{MOVES}?currency=usd&reason=cancellation",
        business.customer,
    ):
        asked = statements(business.owner, url)
        assert len(asked) <= 12, url + "\n" + "\n".join(asked)


NAMES = (
    *("currency", "figure", "on", "plan", "status", "bucket", "country", "text", "sort", "top", "after"),
    *("month", "from", "to", "kind", "rate", "interval", "reason", "least", "most"),
)
ODD = """usd eur 2026-10 2026-10-01 2026-11-01 new churn mrr arr 0 2 5 1.5 -1 active oldest US month 3-month
started revenue_churn_rate ~~~ 9999999999999999999999999"""
PLACES = (f"2026-10-31~{UUID(int=5)}~0~cus_1", f"12~{UUID(int=5)}~cus_1", f"{'9' * 19}~{UUID(int=5)}~", "\0")
VALUES = some.one_of(some.text(max_size=30), some.sampled_from([*ODD.split(), *PLACES]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=some.sampled_from([LIST, MOVES]),
    asked=some.dictionaries(some.sampled_from(NAMES), VALUES, max_size=4),
)
def test_whatever_an_address_asks_is_answered_or_explained(
    business: Business, path: str, asked: dict[str, str]
) -> None:
    with set_now(NOW):
        response = business.owner.client.get(path, asked)
    assert response.status_code in (200, 400, 404)
    assert response.status_code == 200 or "Nothing to show at this address" in response.content.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("movements/?least=ten", "least is an amount of USD such as 1250"),
        ("movements/?least=1.234", "at most 2 decimals"),
        ("movements/?least=5&most=4", "least is the smaller amount"),
        ("movements/?reason=<b>", "A reason is one of"),
        ("movements/?interval=fortnight", "An interval is day, week, month or year"),
        ("movements/?country=Germany", "A country is two letters"),
        ("movements/?text=" + "x" * 201, "of at most 200 letters"),
        ("movements/?rate=revenue_churn_rate&least=5", "leave the rate or the filters out"),
        ("customers/?status=paused", "status is one of active, past_due, canceling"),
        ("customers/?bucket=9", "bucket is the number of a size, from 0 to 2"),
        ("customers/?sort=name", "sort is one of largest"),
        ("customers/?top=7", "top is one of 1, 5, 10"),
        ("customers/?top=5&status=active", "leave top or the other filters out"),
        ("customers/?on=2026-01-01&status=active", "Leave out the day and the figure"),
        ("customers/?figure=committed_mrr&bucket=1", "Leave out the day and the figure"),
        ("customers/?sort=oldest&after=0~00000000-0000-0000-0000-000000000005~cus_1", "no place in the list"),
    ],
)
def test_a_bad_filter_says_what_would_be_right(business: Business, address: str, words: str) -> None:
    response = business.owner.client.get(f"/o/acme/{address}")
    assert response.status_code == 400
    assert words in unescape(response.content.decode())
