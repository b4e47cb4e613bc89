"""What other tools fell into: each pitfall, and the tests that hold us out of it."""

from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from accounts.models import Organization
from billing_sync import models
from billing_sync.sandbox import subscribing
from billing_sync.sandbox.company import generate, scripted
from billing_sync.sandbox.life import Life
from billing_sync.sandbox.stories import FULL, Habits
from tests.billing_sync.accounts import NOW, connected, payloads, rows
from tests.billing_sync.comparing import compared, served
from tests.environment import PROJECT

TESTS, PAGE = PROJECT / "tests", PROJECT / "docs/sync.md"
SYNC, CORE = "billing_sync", "metrics/core"
PITFALLS = {
    "status=all forgotten": (
        f"{SYNC}/test_backfill.py::test_cancelled_subscriptions_are_read_too",
        f"{SYNC}/test_pitfalls.py::test_cancelled_subscriptions_are_not_taken_for_deleted",
    ),
    "embedded lists cut at 10": (
        f"{SYNC}/test_backfill.py::test_lists_inside_objects_are_read_beyond_ten",
        f"{SYNC}/test_pitfalls.py::test_a_list_cut_at_ten_is_compared_whole",
    ),
    "a created cursor that misses updates": (
        f"{SYNC}/test_events.py::test_following_events_ends_where_a_fresh_import_does",
        f"{SYNC}/test_reconcile.py::test_a_night_mends_an_old_subscription_that_still_runs",
    ),
    "deletions that no list shows": (
        f"{SYNC}/test_events.py::test_a_deleted_object_becomes_a_tombstone",
        f"{SYNC}/test_reconcile.py::test_an_object_deleted_unheard_becomes_a_tombstone",
    ),
    "deleted items and coupons still named by invoices": (
        f"{SYNC}/test_pitfalls.py::test_a_coupon_deleted_unheard_is_kept_for_what_names_it",
        "metrics/test_deleted_objects.py::test_a_deleted_object_moves_no_revenue",
        f"{CORE}/test_history.py::test_an_item_gone_without_credit_ends_with_its_period",
    ),
    "line ids that repeat": (
        f"{CORE}/test_history.py::test_line_ids_that_repeat_on_other_invoices_are_lines_of_their_own",
    ),
    "events of the same second, and two for one change": (
        f"{SYNC}/webhooks/test_deliveries.py::"
        "test_events_of_one_second_and_two_for_one_change_cost_one_request",
        f"{CORE}/test_history.py::test_two_changes_in_the_same_second_end_at_the_last",
    ),
    "a gap of thirty days": (f"{SYNC}/test_events.py::test_after_a_long_silence_the_lists_are_read_again",),
    "API versions other than ours": (
        f"{SYNC}/test_reconcile.py::test_another_version_of_the_api_is_no_repair",
        "metrics/test_api_versions.py::test_events_of_older_and_newer_versions_give_the_same_numbers",
        f"{SYNC}/webhooks/test_shuffled.py::"
        "test_webhooks_repeated_shuffled_and_missing_end_where_a_plain_sync_does",
    ),
    "silent truncation of a list": (
        f"{SYNC}/test_reconcile_survival.py::test_pages_that_deny_what_follows_hide_nothing",
        f"{SYNC}/test_ranges.py::test_a_page_that_breaks_what_was_asked_is_noticed",
    ),
}


def twelve_items(life: Life, habits: Habits) -> Generator[int, None, None]:
    """Tell of a customer whose only subscription has twelve items."""
    yield life.now + 60
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 1)] * 12)


def test_the_page_about_the_sync_names_every_pitfall_and_no_other() -> None:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if "::" in line]
    told: dict[str, set[str]] = {}
    for _, pitfall, tests, _ in rows:
        told[pitfall.strip()] = {name.strip(" `") for name in tests.split(",")}
    assert told == {pitfall: {name.split("/")[-1] for name in names} for pitfall, names in PITFALLS.items()}


@pytest.mark.parametrize("pitfall", PITFALLS)
def test_every_pitfall_has_its_tests(pitfall: str) -> None:
    for name in PITFALLS[pitfall]:
        path, _, function = name.partition("::")
        assert f"def {function}(" in Path(TESTS / path).read_text(), name


def test_cancelled_subscriptions_are_not_taken_for_deleted(organization: Organization) -> None:
    with served(generate(seed=7, size=10, now=NOW)) as account:
        connected(organization, account.base_url)
        assert compared(organization, "nightly") == []
    kept = rows(organization, models.Subscription, "status", "deleted_at")
    assert ("canceled", None) in kept
    assert {deleted_at for _, deleted_at in kept} == {None}


def test_a_list_cut_at_ten_is_compared_whole(organization: Organization) -> None:
    with served(scripted([(twelve_items, NOW - timedelta(days=40))], NOW)) as account:
        connected(organization, account.base_url)
        assert compared(organization) == []
    for model, name in ((models.Subscription, "items"), (models.Invoice, "lines")):
        assert {len(one[name]["data"]) for one in payloads(organization, model).values()} == {12}


def test_a_coupon_deleted_unheard_is_kept_for_what_names_it(organization: Organization) -> None:
    company = generate(seed=7, size=6, now=NOW, mix=FULL)
    coupon = next(company.book.all("coupon")).id
    with served(company) as account:
        connected(organization, account.base_url)
        account.delete("coupon", coupon)
        assert compared(organization) == [("coupons", coupon, "vanished", "deleted_unannounced")]
    assert payloads(organization, models.Coupon)[coupon]["id"] == coupon
