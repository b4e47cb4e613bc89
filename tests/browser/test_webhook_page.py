"""The page of a connection's webhooks, drawn and accessible while it guides and once it is ready."""

from django.test import override_settings
from playwright.sync_api import Page, expect

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from billing_sync.webhooks import endpoints
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.dashboards.revenue import NOW, connect


@override_settings(WEBHOOKS=True)
def test_the_guide_leads_to_an_endpoint_that_is_ready(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    connection = connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/connections/")
    browser_page.get_by_role("link", name="Set up webhooks").click()
    looks.inspect(browser_page, "webhook-guide")
    browser_page.get_by_label("Signing secret").fill("whsec_" + "a" * 32)
    browser_page.get_by_role("button", name="Save the secret").click()
    expect(browser_page.get_by_text("Nothing yet")).to_be_visible()
    looks.assert_accessible(browser_page, "webhook-ready")
    with tenant(organization.id):
        assert endpoints.endpoint_of(connection) is not None
