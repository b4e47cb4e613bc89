"""Find a Chromium and open pages in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, ViewportSize

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
MISSING = (
    "The browser tests need a Chromium and found none. Run `make chromium`, or install one by hand (on "
    "Debian `apt-get install chromium`), or set CHROMIUM to the path of a Chromium or Chrome."
)


class ChromiumMissingError(RuntimeError):
    """Raised with what to do where the machine has no Chromium."""


def program(playwright: Playwright) -> str:
    """Return the path of the Chromium to use: the one named, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    candidates = [named] if named else [*map(shutil.which, PROGRAMS), playwright.chromium.executable_path]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    raise ChromiumMissingError(MISSING)


@contextmanager
def profile(browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """Make a profile whose pages know relative addresses."""
    context = browser.new_context(base_url=base_url, viewport=VIEWPORT, locale="en")
    try:
        yield context
    finally:
        context.close()


@contextmanager
def opened(context: BrowserContext) -> Iterator[Page]:
    """Open a page and leave nothing in its profile; a script's error or a refused resource fails the test."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # The browser itself logs every answer of 400 and above; tests of those pages look at the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    page = context.new_page()
    try:
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        yield page
    finally:
        for left in context.pages:
            left.close()
        context.clear_cookies()
    assert not complaints, "The page complained: " + "; ".join(complaints)
