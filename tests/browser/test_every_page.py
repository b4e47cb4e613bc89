"""Every page of a filled organization, in a browser: found by the list of addresses, so none is forgotten."""

from playwright.sync_api import Page

from accounts.models import Organization
from tests.browser import sweeping
from tests.browser.test_pages import sign_in
from tests.dashboards.at_risk import at_risk
from tests.every_page import Pages


def test_every_page_is_accessible_and_the_same_however_it_is_reached(
    browser_page: Page, live_server_url: str
) -> None:
    wrong = []
    with at_risk() as business:
        pages = Pages(business.owner.client, Organization.objects.get(id=business.id))
        sign_in(browser_page, business.owner, live_server_url)
        browser_page.add_init_script(sweeping.COMPLAINT)
        for url in sorted({seen.url for seen in pages.found.values()}):
            wrong += sweeping.visit(browser_page, url)
            wrong += sweeping.forth_and_back(browser_page, url)
    assert not wrong, "\n".join(wrong)
