"""States that a page passes through: accessible, within its width, drawn for people to look at.

The pages of an organization that has everything are in `test_every_page`.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Organization
from billing_sync.models import Connection, SyncRun
from config import clock
from tests.browser import alerting, looks
from tests.cast import Person
from tests.dashboards import test_sync as sync
from tests.dashboards.business import moved
from tests.dashboards.revenue import NOW, add_revenue, computed, connect, reading, revenue
from tests.dashboards.test_set_aside import unread, unused

Arrange = Callable[[Organization], object]


def nothing(organization: Organization) -> None:
    """Leave the organization as it is."""


def importing(organization: Organization) -> None:
    connection = connect(organization, Connection.State.IMPORTING)
    for resource, done in (("customers", 512), ("subscriptions", 2_048), ("invoices", 12_400)):
        reading(organization, connection, resource, done)


def refused(organization: Organization) -> None:
    lacking = {
        "invoices": {"state": "missing", "permission": "rak_invoice_read"},
        "subscriptions": {"state": "missing", "permission": "rak_subscription_read"},
    }
    error = "The key may not read subscriptions and invoices."
    connect(organization, Connection.State.REFUSED, error=error, permissions=lacking)


def unpaid(organization: Organization) -> None:
    connection = connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    reading(organization, connection, "customers", 12)
    computed(organization)


def young(organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    add_revenue(organization, key, "eur")
    moved(organization, key, "eur", [(date(2026, 8, 12), "new", 100) for _ in range(12)])


def synced(organization: Organization) -> None:
    connection = sync.live(organization, account_name="Millwheel Software, a company with a long name")
    error = "Stripe answered /v1/invoices with error 500. (req_1Kb0aYxQ9)"
    failed = {"state": SyncRun.State.FAILED, "error": error, "request_id": "req_1Kb0aYxQ9"}
    costs = {"objects_read": 1_234_567, "requests": 12_345, "waited_ms": 754_000}
    sync.ran(connection, SyncRun.Kind.IMPORT, started_at=NOW - timedelta(days=3), **costs)
    sync.ran(connection, SyncRun.Kind.WEEKLY, started_at=NOW - timedelta(days=2), **failed)
    sync.ran(connection, SyncRun.Kind.NIGHTLY, repaired=2, objects_read=8_000, requests=94)
    for minute in range(25):
        sync.ran(connection, SyncRun.Kind.EVENTS, started_at=NOW - timedelta(days=4, minutes=minute))
    sync.repaired(connection, "sub_1SqT0lKp9ZyXw")
    deleted = {"difference": "vanished", "cause": "deleted_unannounced"}
    sync.repaired(connection, "coupon_" + "long" * 40, **deleted)
    connect(organization, Connection.State.REVOKED, account_name="Second account", account_id="acct_2")


def set_aside(organization: Organization) -> None:
    connection = connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    unread(connection, "invoices", "in_1SqT0lKp9ZyXw", "total is too large.")
    unused(connection, "di_1SqT0lKp9ZyXw", "coupon_of_another_currency", "cus_1", "cus_2")
    unused(connection, "si_1SqT0lKp9ZyXw", "price_without_amount")


def partial(organization: Organization) -> None:
    sync.without_a_list(organization)
    revenue(organization)


def checking(organization: Organization) -> None:
    connect(organization, Connection.State.CHECKING)


def stopped(organization: Organization) -> None:
    connect(organization, Connection.State.IMPORTING, error="Stripe answered 500 five times.")


def computing(organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW)


def stale(organization: Organization) -> None:
    revenue(organization, through=NOW - timedelta(hours=3))


DASHBOARD = "/o/acme/"
# What is true of the organization, and the pages that say so.
STATES: dict[Arrange, dict[str, str]] = {
    **alerting.STATES,
    nothing: {"empty": DASHBOARD, "no-connections": "/o/acme/connections/", "not-found": "/nowhere/"},
    checking: {"checking": DASHBOARD},
    refused: {"refused": DASHBOARD, "refused-connection": "/o/acme/connections/"},
    importing: {"importing": DASHBOARD},
    stopped: {"stopped": DASHBOARD},
    computing: {"computing": DASHBOARD},
    unpaid: {"unpaid": DASHBOARD},
    young: {"young": DASHBOARD},
    synced: {"sync": "/o/acme/sync/", "sync-unknown-place": "/o/acme/sync/?runs=yesterday"},
    partial: {"partial": "/o/acme/?month=2026-09", "unknown-month": "/o/acme/?month=2031-01"},
    set_aside: {"set-aside": "/o/acme/connections/"},
    stale: {"stale": DASHBOARD, "sync-quiet": "/o/acme/sync/"},
}
PUBLIC = {"sign-in": "/accounts/login/", "sign-up": "/accounts/signup/"}


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def sign_in(page: Page, person: Person, url: str) -> None:
    """Give the browser the session of somebody who signed in."""
    page.context.add_cookies(
        [{"name": "session", "value": person.client.cookies["session"].value, "url": url}]
    )


@pytest.mark.parametrize("arrange", STATES, ids=lambda arrange: arrange.__name__)
def test_every_state_of_a_page_is_accessible(
    arrange: Arrange, browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    arrange(organization)
    sign_in(browser_page, owner, live_server_url)
    for name, url in STATES[arrange].items():
        browser_page.goto(url)
        settled = ".chart svg" if browser_page.locator(".chart").count() else "main"
        looks.inspect(browser_page, name, settled=settled)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_page_of_a_visitor_is_accessible(name: str, browser_page: Page) -> None:
    browser_page.goto(PUBLIC[name])
    looks.inspect(browser_page, name)


def test_a_refused_form_is_accessible(browser_page: Page, live_server_url: str, owner: Person) -> None:
    sign_in(browser_page, owner, live_server_url)
    browser_page.goto("/o/acme/connections/new")
    browser_page.get_by_label("Restricted key").fill("pk_live_51Something")
    browser_page.get_by_role("button", name="Connect and check the key").click()
    expect(browser_page.get_by_text("publishable key")).to_be_visible()
    looks.inspect(browser_page, "refused-form")
