"""The dashboard without a mouse, without script, and with a pointer over its charts."""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Organization
from config import clock
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.dashboards.revenue import NOW, revenue


@pytest.fixture(autouse=True)
def numbers(organization: Organization) -> Iterator[None]:
    with clock.set_now(NOW):
        revenue(organization, since=date(2025, 1, 1))
        yield


@pytest.fixture
def page(browser_page: Page, live_server_url: str, owner: Person) -> Page:
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/?month=2026-09")
    return browser_page


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_month_is_picked_from_the_keyboard_and_the_focus_stays(page: Page) -> None:
    page.locator("#month-button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Jan 2026")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("January 2026")
    expect(page.locator("#month-button")).to_be_focused()


def test_escape_closes_the_months(page: Page) -> None:
    page.locator("#month-button").click()
    expect(page.locator("#month-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#month-panel")).to_be_hidden()
    expect(page.locator("#month-button")).to_be_focused()


def test_an_arrow_keeps_the_focus_on_itself(page: Page) -> None:
    page.locator("#previous-month").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("August 2026")
    page.locator("#next-month").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("September 2026")
    expect(page.locator("#next-month")).to_be_focused()


def test_a_definition_opens_on_demand(page: Page) -> None:
    page.get_by_role("button", name="What Revenue churn rate means").press("Enter")
    expect(page.get_by_text("churned ÷ starting MRR")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("churned ÷ starting MRR")).to_be_hidden()
    page.locator("#mrr-table summary").press("Enter")
    page.get_by_role("button", name="What Growth in the month means").press("Enter")
    expect(page.get_by_text("net change ÷ MRR at the start")).to_be_visible()


def test_the_title_follows_the_month(page: Page) -> None:
    page.locator("#previous-month").click()
    expect(page).to_have_title("August 2026 · Acme · Millrace")


def test_the_length_is_part_of_the_address(page: Page) -> None:
    page.get_by_role("link", name="6 months").click()
    expect(page.locator("#waterfall-table tbody tr")).to_have_count(6)
    assert "span=6" in page.url
    page.reload()
    expect(page.locator("#waterfall-table tbody tr")).to_have_count(6)


def test_a_chart_tells_its_numbers_under_the_pointer(page: Page) -> None:
    page.locator("[data-chart=waterfall] svg").hover()
    expect(page.locator(".tip-amount").first).to_be_visible()


def test_a_chart_has_words_for_those_who_cannot_see_it(page: Page) -> None:
    chart = page.locator("[data-chart=line]")
    expect(chart).to_have_attribute("role", "img")
    words = "ARR went from €12.00 at the end of October 2025 to €136,812.00 in September 2026."
    expect(chart).to_have_attribute("aria-label", words)


def test_charts_change_their_colours_with_the_system(page: Page) -> None:
    line = page.locator("[data-chart=line] svg path[stroke-width='2.25']")
    light = line.get_attribute("stroke")
    page.emulate_media(color_scheme="dark")
    expect(line).not_to_have_attribute("stroke", light or "")


def test_a_lost_session_leads_to_the_sign_in(page: Page) -> None:
    page.context.clear_cookies()
    page.locator("#previous-month").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_everything_answers_without_script(browser: Browser, live_server_url: str, owner: Person) -> None:
    context = browser.new_context(base_url=live_server_url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, owner, live_server_url)
    page.goto("/o/acme/?month=2026-09")
    page.locator("#previous-month").click()
    expect(page.locator("h1")).to_have_text("August 2026")
    expect(page.locator("[data-figure=mrr]")).to_have_text("€10,001.00")
    context.close()
