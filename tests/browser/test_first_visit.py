"""From nothing to numbers that equal the truth, as a newcomer does it, with a real worker."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from playwright.sync_api import Page, expect

from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.truth import movements, mrr_at, totals
from dashboards.formatting import money
from tests.browser import journey, looks
from tests.processes import Worker
from tests.soak import sized

Totals = dict[str, dict[str, int]]
KEYS = {
    "starting_mrr": "starting",
    "new_mrr": "new",
    "expansion_mrr": "expansion",
    "reactivation_mrr": "reactivation",
    "contraction_mrr": "contraction",
    "churned_mrr": "churn",
    "ending_mrr": "ending",
}


@pytest.fixture
def company(sandbox: Callable[..., Any]) -> Any:
    # As slow as Stripe: without that an idle machine has imported before the page looks again.
    slow = Faults(latency=100)
    now = datetime.now(UTC).replace(microsecond=0)
    account = sandbox(size=sized(100, 500), seed=11, now=now, faults=slow)
    with override_settings(STRIPE_API_BASE=account.base_url):
        yield account.company


def shown(page: Page) -> dict[str, list[str]]:
    """Return the waterfall table's text by month; months before the first have no link and no row here."""
    rows = page.locator("#waterfall-table tbody tr:has(a[data-month])").all()
    return {
        row.locator("a[data-month]").get_attribute("data-month") or "": row.locator("td").all_inner_texts()
        for row in rows
    }


def expected(truth: Totals, month: str) -> list[str]:
    names = ("starting", "new", "expansion", "reactivation", "contraction", "churn", "ending")
    return [str(money(truth[month][name], "usd")) for name in names]


@pytest.mark.soak
def test_a_newcomer_signs_up_connects_and_reads_true_numbers(
    browser_page: Page, celery_worker: Worker, company: Any
) -> None:
    page, headings = browser_page, set[str]()
    journey.sign_up(page, "ada@newcomer.example")
    journey.make_organization(page, "Newcomer")
    expect(page.get_by_role("heading", name="Connect Stripe to see your recurring revenue")).to_be_visible()
    journey.connect(page, FULL_KEY)
    journey.wait_for_numbers(page, headings.add)
    assert any(heading.startswith("Importing") for heading in headings), headings
    assert_every_month_is_true(page, totals(company, "UTC", "day")["usd"])
    assert_commands_are_true(company)
    assert_back_works(page)
    take_picture(page)


def assert_every_month_is_true(page: Page, truth: Totals) -> None:
    """Read the page of every twelfth month back to the first, and compare each row with the truth."""
    checked: set[str] = set()
    for month in sorted(truth, reverse=True)[::12]:
        page.goto(f"/o/newcomer/?month={month}&span=12")
        for key, cells in shown(page).items():
            assert cells == expected(truth, key), key
            checked.add(key)
    assert checked == set(truth)


def printed(command: str, *arguments: str) -> Any:
    out = StringIO()
    call_command(command, "newcomer", *arguments, stdout=out)
    return json.loads(out.getvalue())


def assert_commands_are_true(company: Any) -> None:
    """Compare what the commands print with the truth: every month, movement and customer."""
    truth = totals(company, "UTC", "day")["usd"]
    for model in printed("metrics", "--months", str(len(truth))):
        month = truth[model["period"]["start"][:7]]
        assert {key: model["recurring_revenue"][f"{key}_micro"] for key in KEYS} == {
            key: month[name] for key, name in KEYS.items()
        }
    assert sorted(
        (row["date"], row["customer_id"], row["currency"], row["kind"], row["amount_micro"])
        for row in printed("movements", "--format", "json")
    ) == sorted(
        (move["window"], move["customer"], move["currency"], move["kind"], move["amount_micro"])
        for move in movements(company, "UTC", "day")
    )
    assert {
        (row["customer_id"], row["currency"]): row["mrr_micro"]
        for row in printed("customers", "--format", "json")
    } == mrr_at(company, company.now)


def assert_back_works(page: Page) -> None:
    """Pick a month from the list and one by an arrow, then go Back twice and forward once."""
    page.goto("/o/newcomer/")
    present = page.locator("h1").inner_text()
    page.locator("#month-button").click()
    page.locator("#month-panel a:not([aria-current])").last.click()
    picked = expect_another(page, present)
    assert "month=" in page.url
    page.locator("#next-month").click()
    after = expect_another(page, picked)
    assert page.locator(".chart svg").count() == 2
    page.go_back()
    expect(page.locator("h1")).to_have_text(picked)
    page.go_back()
    expect(page.locator("h1")).to_have_text(present)
    expect(page.locator(".chart svg")).to_have_count(2)
    page.go_forward()
    expect(page.locator("h1")).to_have_text(picked)
    page.reload()
    expect(page.locator("h1")).to_have_text(picked)
    assert after != present


def expect_another(page: Page, heading: str) -> str:
    """Wait until the page is about another month, and return which."""
    expect(page.locator("h1")).not_to_have_text(heading)
    expect(page.locator("h1")).to_have_count(1)
    return page.locator("h1").inner_text()


def take_picture(page: Page) -> None:
    """Draw the last whole month, whose figures all compare with the one before."""
    page.goto("/o/newcomer/")
    page.locator("#previous-month").click()
    expect(page.get_by_text("the whole month")).to_be_visible()
    looks.inspect(page, "dashboard", settled=".chart svg")
