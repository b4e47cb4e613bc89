"""The investor view on paper and for whoever holds a link, and what stands on its page of links."""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Organization
from config import clock
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.dashboards.revenue import NOW, revenue

PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.fixture(autouse=True)
def numbers(organization: Organization) -> Iterator[None]:
    with clock.set_now(NOW):
        revenue(organization, since=date(2024, 1, 1))
        Organization.objects.update(name="Millwheel Software, a company with a rather long name")
        yield


def sheets(page: Page) -> int:
    """Count the pages of A4 on which a page prints."""
    page.emulate_media(media="print")
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    page.emulate_media(media="screen")
    return len(PAGE.findall(printed))


def test_the_view_prints_on_one_page_and_is_shared_by_a_link(
    browser_page: Page, live_server_url: str, owner: Person
) -> None:
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/investor/")
    looks.inspect(browser_page, "investor")
    assert sheets(browser_page) == 1
    browser_page.locator("#previous-month").click()
    expect(browser_page.locator("#investor")).to_contain_text("Recurring revenue on 30 September 2026")
    expect(browser_page.locator("#previous-month")).to_be_focused()
    browser_page.get_by_role("link", name="Share by link").click()
    browser_page.get_by_label("Whom is it for?").fill("First Fund")
    browser_page.get_by_role("button", name="Make the link").click()
    address = browser_page.locator("[data-address]").inner_text()
    looks.inspect(browser_page, "share-links")
    browser_page.context.clear_cookies()
    browser_page.goto(urlsplit(address).path)
    expect(browser_page.locator("[data-figure=arr]")).to_have_text("€136,852.00")
    looks.inspect(browser_page, "shared")
    assert sheets(browser_page) == 1
    assert browser_page.context.cookies() == []


def test_how_the_dashboard_is_shown_is_chosen(
    browser_page: Page, live_server_url: str, owner: Person
) -> None:
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/?month=2026-09")
    browser_page.get_by_role("link", name="Year before").click()
    expect(browser_page.locator("#comparison")).to_have_text("Compared with September 2025.")
    expect(browser_page.locator("#against-year")).to_be_focused()
    browser_page.goto("/o/acme/display/")
    looks.inspect(browser_page, "display")
    browser_page.get_by_label("MRR first").check()
    browser_page.get_by_role("button", name="Save").click()
    browser_page.goto("/o/acme/?month=2026-09")
    expect(browser_page.locator("[data-figure]").first).to_have_attribute("data-figure", "mrr")
