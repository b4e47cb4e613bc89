"""How a page looks and reads: pictures at three widths, light and dark, and what axe finds wrong."""

import os
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.environment import PROJECT

WIDTHS = (375, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RESULTS = PROJECT / "test-results"
PICTURES = "SCREENSHOTS" in os.environ
PUBLISHED = {("dashboard", 1440, "light"): "dashboard.png"}
# Every rule of these runs; only what it finds wrong is described, node by node.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# A chart follows the size of its place by itself, a moment later.
SETTLING = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
    () => setTimeout(done, document.querySelector(".chart") ? 100 : 0))))"""


def inspect(page: Page, name: str, *, settled: str = "main") -> None:
    """Show the page at every width, light and dark: it never scrolls sideways.

    Axe looks at it wide and light, then narrow and dark. Pictures are drawn where `make screenshots` asks
    for them: they take most of the time.
    """
    for scheme, widths in (("light", WIDTHS), ("dark", WIDTHS[::-1])):
        for width in widths:
            show(page, width, scheme, settled)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} at {width}"
            if PICTURES:
                draw(page, name, width, scheme)
        assert_accessible(page, f"{name} {scheme}")


def draw(page: Page, name: str, width: int, scheme: str) -> None:
    """Draw one picture for people to look at."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}-{width}-{scheme}.png", full_page=True)
    publish(page, name, width, scheme)


def publish(page: Page, name: str, width: int, scheme: str) -> None:
    """Draw the pictures of the documentation where they are asked for."""
    directory, file = os.environ.get("SCREENSHOTS"), PUBLISHED.get((name, width, scheme))
    if not directory or not file:
        return
    Path(directory).mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": width, "height": 1212})
    page.wait_for_timeout(300)
    page.screenshot(path=Path(directory) / file)


def show(page: Page, width: int, scheme: str, settled: str = "main") -> None:
    """Set the width and the colours, without motion, and wait for what is drawn by script."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 1000})
    page.locator(settled).first.wait_for()
    page.evaluate(SETTLING)


def assert_accessible(page: Page, name: str) -> None:
    """Fail on anything that axe finds."""
    loaded = page.evaluate("typeof window.axe === 'object'")
    found = (Axe("") if loaded else Axe()).run(page, options=RULES)
    assert found.violations_count == 0, f"{name}\n{found.generate_report()}"
