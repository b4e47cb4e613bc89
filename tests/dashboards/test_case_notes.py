"""A customer's page explains the hard cases where they occur."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Role
from billing_sync.sandbox import subscribing
from billing_sync.sandbox.company import scripted
from billing_sync.sandbox.life import Life, Story
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.stories import STORIES, Habits
from config.clock import set_now
from metrics.cases import EXPLANATIONS, explained
from tests import database
from tests.billing_sync.accounts import connected, connection_of
from tests.cast import make_organization, member
from tests.dashboards.crawler import page
from tests.dashboards.test_evidence import SEGMENT
from tests.metrics.conftest import NOW

# By story: what stands under movements, what under segments.
TOLD = {
    "replaced_the_same_day": ({"replaced"}, set[str]()),
    "replaced_across_midnight": ({"replaced_later"}, set[str]()),
    "to_yearly": ({"interval_change"}, {"several_months"}),
    "trial_granted": (set[str](), {"trial_granted"}),
    "graduated": ({"prorated"}, {"graduated"}),
    "stacked_coupons": ({"prorated"}, {"stacked"}),
    "mixed_intervals": ({"prorated"}, {"mixed_intervals"}),
    "add_on_tried": ({"prorated", "trial_converted"}, {"item_trial"}),
    "trial_converts": ({"trial_converted"}, set[str]()),
    "percent_repeating": ({"discount_changed", "prorated"}, set[str]()),
    "currency_option": (set[str](), {"currency_option"}),
    "backdated": (set[str](), {"backdated"}),
    "imported": (set[str](), {"backdated"}),
    "planned": ({"prorated"}, {"planned"}),
    "by_invoice": (set[str](), {"sent", "several_months"}),
    "customer_deleted": (set[str](), {"customer_deleted"}),
    "one_person": (set[str](), {"duplicated"}),
    "the_same_person": (set[str](), {"duplicated"}),
    "paused_void": (set[str](), {"paused"}),
    "refunded_later": (set[str](), {"refunded"}),
    "yen": ({"prorated"}, {"zero_decimals"}),
}
PLAIN = "free_then_paid"


def one_person(life: Life, habits: Habits) -> Story:
    """Subscribe under an address that another customer has too."""
    life.update_customer(email="ada@example.com")
    yield life.now + 60
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 1)])


LIVED = {**STORIES, "one_person": one_person, "the_same_person": one_person}


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, tuple[str, str]]]:
    """Give by story the page of a customer who lived it, and that of the last segment with MRR."""
    with django_db_blocker.unblock(), set_now(NOW):
        organization = make_organization("acme")
        client = member("owner@acme.example", organization, Role.OWNER).client
        told = (*TOLD, PLAIN)
        company = scripted([(LIVED[name], NOW - timedelta(days=200)) for name in told], NOW)
        with serve(company) as base_url:
            connected(organization, base_url)
        connection = connection_of(organization).id
        found = {}
        for name, life in zip(told, company.lives, strict=True):
            html = page(client, f"/o/acme/customers/{connection}/{life.customer.id}/")
            counted = [url for url, amount in SEGMENT.findall(html) if amount != "0"]
            found[name] = html, page(client, unescape(counted[0]))
        yield found
        for each in connections.all(initialized_only=True):
            each.close()
        database.empty_database()
        cache.clear()


def said(html: str) -> set[str]:
    """Return the cases whose words stand on a page."""
    text = unescape(html)
    return {code for code in EXPLANATIONS if explained([code])[0] in text}


@pytest.mark.parametrize("story", TOLD)
def test_a_customers_page_explains_a_case_under_its_movement_or_its_segment(
    story: str, pages: dict[str, tuple[str, str]]
) -> None:
    movements, subscriptions = pages[story][0].split('aria-labelledby="subscription-1"')
    moved, lasted = TOLD[story]
    assert said(movements) == moved
    assert lasted <= said(subscriptions)


def test_a_case_that_goes_on_is_explained_once(pages: dict[str, tuple[str, str]]) -> None:
    html = unescape(pages["yen"][0])
    assert len(re.findall(re.escape(explained(["zero_decimals"])[0]), html)) == 1


def test_a_segments_page_explains_the_case_that_it_is(pages: dict[str, tuple[str, str]]) -> None:
    for story in ("graduated", "stacked_coupons", "yen"):
        assert TOLD[story][1] <= said(pages[story][1]), story


def test_a_plain_customer_is_told_nothing(pages: dict[str, tuple[str, str]]) -> None:
    assert [said(html) for html in pages[PLAIN]] == [set(), set()]
