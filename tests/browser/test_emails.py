"""The e-mails as a mail server got them, drawn narrow and wide, light and dark, without any image."""

from datetime import date, timedelta
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from accounts import outbox
from accounts.jobs import MORE
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, Payer
from config.clock import set_now
from metrics import queries
from metrics.alerts.accounts import accounts_of
from metrics.alerts.models import Alert, MailPreference
from metrics.alerts.notices import send_digest, tell_movements, tell_troubles
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.mail_server import Inbox
from tests.metrics.alerts.business import Told, base, days, judge_now, leaving, noon, write

EACH = 49_000_000_00
LOSS = date(2026, 9, 10)
NAMED = "Wolfeschlegelsteinhausenbergerdorff International Holdings"
SUBJECTS = {
    "alert": "Revenue churn 9.0%",
    "reminder": "still an alert",
    "recovery": "back to normal",
    "digest": "the week to",
    "movement": "New +$",
    "sync": "nothing new",
    "test": "A test message",
}


def live(organization: Organization, owner: Person) -> None:
    """Live through a loss, its alert, a reminder, its recovery, two Mondays and a silent account."""
    with tenant(organization.id):
        MailPreference.objects.create(
            organization=organization, user=owner.user, reminder_days=10, movements_above_minor=100_000
        )
    grown = [Told(LOSS, "expansion", f"cus_{30 + n}", EACH * (n + 1) // 3) for n in range(9)]
    large = Told(date(2026, 10, 12), "new", "cus_new", 100 * EACH)
    told = [*base(100, EACH), *leaving(0, 9, LOSS, EACH), *grown, large]
    for number in (0, 1, 2, 4, 12, 31, 32):
        now = noon(LOSS + timedelta(days=number))
        with set_now(now):
            write(organization, [one for one in told if one.on <= now.date()], now)
            with tenant(organization.id):
                judge_now(organization)
                name_somebody(organization)
                send_digest(queries.shown(organization.id))
                tell_movements(queries.shown(organization.id))
            deliver(organization)
    with set_now(now + timedelta(hours=7)):
        with tenant(organization.id):
            tell_troubles(queries.shown(organization.id), accounts_of(organization.id))
            outbox.put(organization.id, [owner.user.pk], "test", "test:1")
        deliver(organization)


def name_somebody(organization: Organization) -> None:
    connection = Connection.objects.get(account_id="acct_1")
    Payer.objects.get_or_create(
        organization=organization,
        connection_id=connection.id,
        customer_id="cus_0",
        defaults={"name": NAMED, "fields": b"", "fetched_at": noon(LOSS)},
    )


def deliver(organization: Organization) -> None:
    while outbox.deliver(organization.id, "") is MORE:
        pass


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def about(inbox: Inbox, words: str) -> EmailMessage:
    found = [one for one in inbox.messages if words in str(one["Subject"])]
    assert found, [str(one["Subject"]) for one in inbox.messages]
    return found[0]


def test_every_e_mail_reads_well_at_every_width(
    browser: Browser, inbox: Inbox, organization: Organization, owner: Person
) -> None:
    live(organization, owner)
    page = browser.new_page()
    for kind, words in SUBJECTS.items():
        message = about(inbox, words)
        assert "<img" not in html(message)
        page.set_content(html(message))
        for scheme in looks.SCHEMES:
            page.emulate_media(color_scheme=scheme)
            for width in (320, 600):
                page.set_viewport_size({"width": width, "height": 700})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{kind} at {width}"
                if looks.PICTURES:
                    looks.RESULTS.mkdir(exist_ok=True)
                    page.screenshot(path=looks.RESULTS / f"email-{kind}-{width}-{scheme}.png", full_page=True)
            if kind in ("alert", "digest") or scheme == "light":
                looks.assert_accessible(page, f"e-mail {kind} {scheme}")
    page.close()


@pytest.fixture
def mailed(
    settings: Settings, inbox: Inbox, live_server_url: str, organization: Organization, owner: Person
) -> str:
    """Let an alert fire, and return its e-mail's HTML."""
    settings.BASE_URL = live_server_url
    for on in days(LOSS, 3):
        with set_now(noon(on)):
            write(organization, [*base(100, EACH), *leaving(0, 9, LOSS, EACH)], noon(on))
            with tenant(organization.id):
                judge_now(organization)
    deliver(organization)
    return next(html(one) for one in inbox.messages if SUBJECTS["alert"] in str(one["Subject"]))


def test_the_link_of_an_alert_opens_its_rows_once_signed_in(
    mailed: str, browser_page: Page, live_server_url: str, organization: Organization, owner: Person
) -> None:
    browser_page.set_content(mailed)
    browser_page.get_by_role("link", name="See every row").click()
    with tenant(organization.id):
        alert = Alert.objects.get(rule="revenue_churn")
    browser_page.wait_for_url(f"**/accounts/login/?next=/o/acme/alerts/{alert.id}")
    sign_in(browser_page, owner, live_server_url)
    browser_page.reload()
    browser_page.wait_for_url(f"**/o/acme/alerts/{alert.id}")
    expect(browser_page.get_by_role("heading", name="What is behind it")).to_be_visible()


def test_the_link_that_stops_e_mails_asks_and_stops_them_without_a_sign_in(
    mailed: str, browser_page: Page, organization: Organization
) -> None:
    browser_page.set_content(mailed)
    browser_page.get_by_role("link", name="Stop these e-mails").click()
    browser_page.get_by_role("button", name="Stop them").click()
    expect(browser_page.get_by_role("heading", name="Done")).to_be_visible()
    with tenant(organization.id):
        assert MailPreference.objects.get().alerts is False


def test_a_rule_is_tried_and_saved_without_scripts(
    browser: Browser, live_server_url: str, organization: Organization, owner: Person
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=live_server_url)
    page = context.new_page()
    sign_in(page, owner, live_server_url)
    with set_now(noon(LOSS)):
        write(organization, base(100, EACH), noon(LOSS))
    page.goto("/o/acme/alerts/rules/revenue_churn")
    page.get_by_label("Alert above this churn, in percent").fill("6")
    page.get_by_role("button", name="Try it on the last 12 months").click()
    expect(page.get_by_role("heading", name="With these thresholds")).to_be_visible()
    assert "csrf" not in page.url
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. The rule is judged anew from now on.")).to_be_visible()
    page.goto("/o/acme/mail/")
    page.get_by_label("Answers go to").fill("founder@acme.example")
    page.get_by_role("button", name="Save for everyone").click()
    expect(page.get_by_label("Answers go to")).to_have_value("founder@acme.example")
    page.get_by_role("button", name="Send me a test message").click()
    expect(page.get_by_text("A test message is on its way")).to_be_visible()
    context.close()
