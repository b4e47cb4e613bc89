"""What a newcomer does, step by step, in a browser."""

import re
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page, expect

from tests.cast import PASSWORD

LINK = re.compile(r"https?://\S+/accounts/confirm-email/\S+")
PATIENCE = 120_000


def sign_up(page: Page, email: str) -> None:
    """Make an account, follow the link of its mail, and stay signed in."""
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").or_(page.get_by_label("Email")).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.goto(mailed_link(email))
    page.get_by_role("button", name="Confirm").click()


def mailed_link(email: str) -> str:
    """Wait for the mail to an address, and return its link."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for file in (Path(settings.DATA_DIR) / "mail").glob("*.eml"):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            if email in str(mail["To"]) and body and (found := LINK.search(str(body.get_content()))):
                return found[0]
        time.sleep(0.1)
    raise AssertionError(f"No mail to {email} arrived.")


def make_organization(page: Page, name: str) -> None:
    """Fill in the form that a person without an organization is led to."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Time zone").select_option("UTC")
    page.get_by_role("button", name="Create").click()


def connect(page: Page, key: str) -> None:
    """Go from the empty dashboard to a pasted key."""
    page.get_by_role("link", name="Connect Stripe").click()
    page.get_by_label("Restricted key").fill(key)
    page.get_by_role("button", name="Connect and check the key").click()


def wait_for_numbers(page: Page, seen: Callable[[str], None]) -> None:
    """Watch the page, which follows by itself, until it shows figures; tell each heading on the way."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.locator("[data-figure=mrr]").count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        heading = page.locator("main h1").first
        if heading.count():
            seen(heading.inner_text())
        page.wait_for_timeout(100)
