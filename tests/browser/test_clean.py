"""From the clean check to the invoice lines that stay out, by clicking, at every width."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from accounts.models import Organization
from billing_sync.sandbox.company import scripted
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.recompute import recompute
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored


def test_a_wrong_number_is_explained_down_to_the_invoice_line(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    page = browser_page
    told = [
        (STORIES[name], NOW - timedelta(days=9)) for name in ("setup_fee", "trial_converts", "tax_exclusive")
    ]
    mirrored(organization, scripted(told, NOW))
    with set_now(NOW):
        recompute(organization.id)
        sign_in(page, owner, live_server_url)
        page.goto("/o/acme/audit/clean/")
        row = page.get_by_role("row", name="Setup fees and one-off items in")
        wrong, apart = row.locator("td").nth(0).inner_text(), row.locator("a").inner_text()
        page.get_by_label("The number in your spreadsheet").fill(wrong.strip("$"))
        page.get_by_role("button", name="Find the mistake").click()
        expect(page.get_by_text("Found: Setup fees and one-off items in.")).to_be_visible()
        looks.inspect(page, "clean")
        page.get_by_role("row", name="Setup fees and one-off items in").locator("a").click()
        expect(page.get_by_role("heading", name=apart)).to_be_visible()
        page.get_by_role("link", name="Not in MRR").click()
        page.get_by_role("row", name="Setup fees").get_by_role("link").click()
        looks.inspect(page, "excluded-lines")
        page.locator("tbody td a").first.click()
        expect(page.locator(".payload").first).to_contain_text('"amount"')
