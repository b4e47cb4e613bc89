"""The pages about Stripe accounts: accessible and within their width, and the way to Stripe and back."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from tests.billing_sync.accounts import NOW as THEN
from tests.billing_sync.accounts import connection_of
from tests.billing_sync.connect import registered, settings_for, tell
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import PASSWORD, Person, recently
from tests.dashboards.revenue import NOW, connect, reading, revenue

LIST = "/o/acme/connections/"
State, Kind = Connection.State, Connection.Kind


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def several(organization: Organization) -> str:
    """Show every state that an account can be in beside others."""
    live = {"imported_at": NOW, "data_through": NOW}
    connection = connect(organization, State.LIVE, **live)
    reading(organization, connection, "customers", 1_204)
    connect(
        organization, State.LIVE, **live, livemode=False, account_name="Acme trial", key_hint="rk_test_…1"
    )
    withdrawn = "Access was withdrawn in Stripe. Connect with Stripe again; nothing read is lost."
    connect(
        organization, State.REVOKED, **live, kind=Kind.OAUTH, account_name="Umbrella Inc.", error=withdrawn
    )
    connect(organization, State.DISCONNECTED, **live, account_name="Old business", key_hint="")
    connect(organization, State.DELETING, account_name="Gone business", key_hint="")
    refused = "This opens Other (acct_9), and was meant for Acme SAS (acct_1). Nothing was changed."
    connect(organization, State.REFUSED, account_id="", account_name="", error=refused)
    return LIST


def page_of(organization: Organization, name: str) -> str:
    connection = connect(organization, State.LIVE, imported_at=NOW, data_through=NOW)
    return f"{LIST}{connection.id}/{name}"


def left(organization: Organization) -> str:
    revenue(organization)
    with tenant(organization.id):
        Connection.objects.update(state=State.DISCONNECTED)
    return "/o/acme/?month=2026-09"


STATES: dict[str, Callable[[Organization], str]] = {
    "several-accounts": several,
    "disconnection": lambda acme: page_of(acme, "disconnection"),
    "another-key": lambda acme: page_of(acme, "key"),
    "with-stripe": lambda acme: f"{LIST}new",
    "not-connected": lambda acme: "/connections/oauth/callback?state=guessed",
    "disconnected-numbers": left,
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_of_an_account_is_accessible(
    name: str, browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    url = STATES[name](organization)
    sign_in(browser_page, recently(owner), live_server_url)
    with settings_for("http://127.0.0.1:9", "sk_live_51Platform"):
        browser_page.goto(url)
        settled = ".chart svg" if browser_page.locator(".chart").count() else "main"
        looks.inspect(browser_page, name, settled=settled)


def test_an_account_is_connected_at_stripe_and_left_again(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    page = browser_page
    sign_in(page, owner, live_server_url)
    with clock.set_now(THEN), registered() as (sandbox, stripe):
        page.goto(f"{LIST}new")
        tell(stripe, deny=True)
        page.get_by_role("button", name="Connect with Stripe").click()
        expect(page.get_by_text("Access was not allowed in Stripe")).to_be_visible()
        tell(stripe, deny=False)
        page.get_by_role("link", name="Connect Stripe").click()
        page.get_by_role("button", name="Connect with Stripe").click()
        expect(page.get_by_role("heading", name="Checking the key")).to_be_visible()
        jobs.run_until_idle(organization.id)
        page.goto(LIST)
        expect(page.get_by_text("Stripe Connect, read only")).to_be_visible()
        page.get_by_role("link", name="Disconnect").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Delete its data").check()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("It counts no longer.")).to_be_visible()
        assert connection_of(organization).state == State.DELETING
        jobs.run_until_idle(organization.id)
        expect(page.get_by_text("No account is connected yet")).to_be_visible()
    assert sandbox.connection.granted is False
