"""The pages of other tools, in a browser: accessible, and an upload read to its comparison."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from accounts.models import Organization
from config import clock
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.dashboards.revenue import NOW, revenue

FILE = "Customer;Month;MRR\nada@example.com;2026-10;1.049,00\n<script>x</script>;2026-10;12,00\n"


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def test_a_file_is_uploaded_mapped_and_compared(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    revenue(organization)
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/audit/bridge/")
    browser_page.get_by_text("Baremetrics").last.click()
    browser_page.goto("/o/acme/audit/uploads/")
    file = FilePayload(name="theirs.csv", mimeType="text/csv", buffer=FILE.encode())
    browser_page.get_by_label("CSV file").set_input_files(file)
    browser_page.get_by_role("button", name="Upload").click()
    expect(browser_page.get_by_text("<script>x</script>")).to_be_visible()
    expect(browser_page.get_by_label("Decimals begin with")).to_have_value(",")
    browser_page.get_by_label("Currency of all amounts").fill("EUR")
    looks.inspect(browser_page, "upload-columns")
    browser_page.get_by_role("button", name="Read the file").click()
    browser_page.get_by_role("link", name="October 2026").click()
    expect(browser_page.get_by_text("A customer who is unknown here")).to_be_visible()
    looks.inspect(browser_page, "upload-comparison")
