"""The calendar: what is decided opens its subscriptions, and leads from MRR to committed MRR."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Role
from accounts.tenancy import tenant
from billing_sync.models import PaymentMethod
from config.clock import set_now
from dashboards import calendar as drawing
from dashboards.calendar_words import LABELS, MEANINGS
from metrics.build.recompute import recompute
from metrics.exposure.looking import look_to_the_end
from metrics.models import DecidedChange
from metrics.outlook import reading
from metrics.outlook.decided import KINDS, UNDATED
from tests import database
from tests.cast import Person, make_organization, member
from tests.dashboards.crawler import held_against_its_rows, numbers, page, rows
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW
from tests.metrics.outlook.company import company
from tests.metrics.seeding import mirrored

URL = "/o/acme/analysis/calendar/"
FAR = f"{URL}?days=90"


@pytest.fixture(scope="module")
def viewer(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Person]:
    """Give a member of an organization for which much is decided."""
    with django_db_blocker.unblock():
        with set_now(NOW):
            organization = make_organization("acme")
            mirror = mirrored(organization, company(0, 45, NOW)[0])
            recompute(organization.id)
            plain = {"organization_id": organization.id, "connection_id": mirror.connection_id}
            with tenant(organization.id):
                for life in mirror.company.lives:
                    PaymentMethod.objects.create(
                        **plain,
                        payload=b"",
                        api_version="",
                        fetched_at=NOW,
                        stripe_id=life.customer.payment_method,
                        customer_id=life.customer.id,
                        exp_year=2026,
                        exp_month=12,
                    )
            look_to_the_end(organization.id)
            yield member("viewer@acme.example", organization, Role.VIEWER)
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()


def test_every_number_opens_changes_that_sum_to_it(viewer: Person) -> None:
    found = numbers(page(viewer.client, FAR))
    assert len(found) > 30
    for one in found:
        if "/customers/" in one.url:
            assert rows(viewer.client, one.url).total == int(one.said["amount-micro"])
        else:
            held_against_its_rows(viewer.client, one)


def test_every_kind_is_told_with_what_it_means(viewer: Person) -> None:
    html = unescape(page(viewer.client, FAR))
    for kind in KINDS:
        assert str(LABELS[kind]) in html
        assert str(MEANINGS[kind]) in html
    assert "None of it is a forecast" in html
    assert "A discount ends." in html


def test_committed_mrr_is_mrr_with_what_was_asked_to_end_and_what_is_signed(viewer: Person) -> None:
    found = [one for one in numbers(page(viewer.client, URL)) if "amount-micro" in one.said]
    mrr, *between, committed = [int(one.said["amount-micro"]) for one in found[:3]]
    assert "customers" in found[2].url
    assert mrr + sum(between) == committed < mrr
    assert "list=committed&kind=cancellation" in found[1].url


def test_a_change_that_nobody_looked_at_has_a_step_of_its_own(viewer: Person) -> None:
    organization = viewer.user.memberships.get().organization_id
    with tenant(organization):
        known = DecidedChange.objects.filter(kind="cancellation", currency="usd")
        one = known.exclude(committed_micro=0).first()
        assert one is not None
        DecidedChange.objects.filter(pk=one.pk).update(committed_micro=0)
    html = page(viewer.client, URL)
    with tenant(organization):
        DecidedChange.objects.filter(pk=one.pk).update(committed_micro=one.committed_micro)
    assert "Not looked at yet" in html
    assert "Not looked at yet" not in page(viewer.client, URL)


def test_a_longer_horizon_holds_all_of_a_shorter_one(viewer: Person) -> None:
    held = [rows(viewer.client, f"{URL}?days={days}") for days in (30, 60, 90)]
    near, mid, far = (list(zip(one.customers, one.amounts, strict=True)) for one in held)
    assert near == mid[: len(near)]
    assert mid == far[: len(mid)]
    assert len(near) < len(far)


@pytest.mark.parametrize("query", ["?days=90", "?days=90&list=risks", "?list=committed"])
def test_pages_follow_each_other(viewer: Person, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    whole = rows(viewer.client, URL + query)
    for module in (drawing, reading):
        monkeypatch.setattr(module, "PAGE", 3)
    paged = rows(viewer.client, URL + query)
    assert paged.pages > 1
    assert (paged.customers, paged.amounts) == (whole.customers, whole.amounts)


def test_what_is_late_and_what_has_no_date_are_said(viewer: Person) -> None:
    organization = viewer.user.memberships.get().organization_id
    with tenant(organization):
        known = DecidedChange.objects.filter(kind="cancellation", currency="usd")
        found = list(known.exclude(committed_micro=0)[:2])
        for one, on in zip(found, (NOW.date() - timedelta(days=1), UNDATED), strict=True):
            DecidedChange.objects.filter(pk=one.pk).update(due_on=on)
    html = page(viewer.client, f"{URL}?list=committed")
    assert "Stripe has not reported it yet" in html
    assert "No date is known" in html
    with tenant(organization):
        for one, on in zip(found, (NOW.date() - timedelta(days=1), UNDATED), strict=True):
            DecidedChange.objects.filter(
                subscription_id=one.subscription_id, kind=one.kind, due_on=on
            ).update(due_on=one.due_on)


@pytest.mark.parametrize(
    "query",
    [
        "days=7",
        "list=all",
        "kind=gout",
        "list=risks&kind=cancellation",
        "currency=EUR",
        "day=tomorrow",
        "day=２026-12-01",
        "after=1",
        "after=2026-12-01~pause~x~a~b",
        "after=2026-12-01~pause~00000000-0000-0000-0000-000000000001~a%00",
    ],
)
def test_a_bad_address_is_told_what_is_wrong(viewer: Person, query: str) -> None:
    assert viewer.client.get(f"{URL}?{query}").status_code == 400


def test_the_page_asks_little(viewer: Person) -> None:
    asked = statements(viewer, FAR)
    assert len(asked) <= 12, "\n".join(asked)


def test_an_organization_without_numbers_is_told_so(owner: Person) -> None:
    assert "There is nothing to analyse yet" in page(owner.client, URL)
