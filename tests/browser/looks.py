"""How a page looks and reads: pictures at three widths, light and dark, and what axe finds wrong."""

import os
from itertools import product
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.environment import PROJECT

WIDTHS = (375, 768, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RESULTS = PROJECT / "test-results"
PICTURES = "PICTURES" in os.environ
# Every rule of these runs; only what it finds wrong is described, node by node. No rule of these reads
# style sheets, which axe would fetch again first, and no page has frames.
QUICKLY = {"preload": False, "iframes": False}
RULES: dict[str, list[str] | bool] = {
    **QUICKLY,
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What other colours and another width may change.
NARROW_RULES: dict[str, list[str] | bool] = {
    **QUICKLY,
    "runOnly": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
    "resultTypes": ["violations"],
}
# A chart follows the size of its place by itself, a moment later.
SETTLING = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
    () => setTimeout(done, document.querySelector(".chart") ? 100 : 0))))"""


def inspect(page: Page, name: str, *, settled: str = "main") -> None:
    """Fail on what axe finds on a narrow page, and on a page that scrolls sideways.

    Every page, wide and dark too, is looked at in `test_every_page`. With PICTURES set,
    every state is drawn as well, which takes most of the time.
    """
    show(page, 375, "light", settled)
    found = violations(page) + too_wide(page)
    assert not found, "\n".join([name, *found])
    if PICTURES:
        for width, scheme in product(WIDTHS, SCHEMES):
            show(page, width, scheme, settled)
            draw(page, name, width, scheme)


def too_wide(page: Page) -> list[str]:
    """Return the widths at which a page scrolls sideways."""
    found = []
    for width in (2560, 1024, 768, 375):
        page.set_viewport_size({"width": width, "height": 1000})
        page.evaluate(SETTLING)
        scrolled = page.evaluate("document.documentElement.scrollWidth")
        if scrolled > width:
            found.append(f"is {scrolled} px wide on a screen of {width}")
    return found


def draw(page: Page, name: str, width: int, scheme: str) -> None:
    """Draw one picture for people to look at."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}-{width}-{scheme}.png", full_page=True)


def show(page: Page, width: int, scheme: str, settled: str = "main") -> None:
    """Set the width and the colours, without motion, and wait for what is drawn by script."""
    dress(page, width, scheme)
    settle(page, settled)


def dress(page: Page, width: int, scheme: str) -> None:
    """Set the width and the colours; before a page is opened, it is laid out and drawn but once."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 1000})


def settle(page: Page, settled: str = "main") -> None:
    """Wait for what is drawn by script."""
    page.locator(settled).first.wait_for()
    page.evaluate(SETTLING)


def violations(page: Page, rules: dict[str, list[str] | bool] = RULES) -> list[str]:
    """Return what axe finds, in words."""
    loaded = page.evaluate("typeof window.axe === 'object'")
    found = (Axe("") if loaded else Axe()).run(page, options=rules)
    return [
        f"{each['id']} ({each['help']}): {node['target']} {' '.join(why['message'] for why in node['any'])}"
        for each in found.response["violations"]
        for node in each["nodes"]
    ]


def assert_accessible(page: Page, name: str, rules: dict[str, list[str] | bool] = RULES) -> None:
    """Fail on anything that axe finds."""
    found = violations(page, rules)
    assert not found, "\n".join([name, *found])
