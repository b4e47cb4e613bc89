"""From a headline to Stripe's objects by clicking, forth and back."""

import re

from playwright.sync_api import Page, expect

from accounts.models import Organization
from billing_sync.sandbox.company import generate
from config.clock import set_now
from metrics.build.recompute import recompute
from tests.browser.looks import assert_accessible
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored


def test_a_headline_is_opened_down_to_stripe_s_objects(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    page = browser_page
    mirrored(organization, generate(seed=11, size=10, now=NOW))
    with set_now(NOW):
        recompute(organization.id)
        sign_in(page, owner, live_server_url)
        page.goto("/o/acme/")
        said = page.locator("[data-figure=mrr]").inner_text()
        page.locator("[data-figure=mrr] a").click()
        expect(page.locator("[data-total-micro]")).to_have_text(said)
        assert_accessible(page, "customers")
        page.get_by_role("link", name="ARR", exact=True).click()
        expect(page).to_have_url(re.compile("figure=arr"))
        page.go_back()
        expect(page.locator("[data-total-micro]")).to_have_text(said)
        page.locator("tbody th a").first.click()
        assert_accessible(page, "customer")
        amount = page.locator("tr[aria-current] [data-segment-micro]").first.inner_text()
        page.locator("tr[aria-current] [data-segment-micro]").first.click()
        expect(page.locator("[data-total-micro]")).to_have_text(amount)
        assert_accessible(page, "segment")
        page.get_by_role("link", name=re.compile("^sub_")).click()
        expect(page.locator(".payload")).to_contain_text('"object": "subscription"')
        assert_accessible(page, "object")
        page.goto("/o/acme/")
        page.locator("#waterfall-table [data-cell=new] a").first.click()
        expect(page.get_by_role("heading", name="New")).to_be_visible()
        assert_accessible(page, "movements")
