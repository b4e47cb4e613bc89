"""What must hold of every page, looked at on one visit: each check returns what is wrong, in words."""

from collections.abc import Callable

from playwright.sync_api import Page, TimeoutError

from tests.browser import looks

COMPLAINT = """
window.complaints = [];
document.addEventListener("securitypolicyviolation",
    (event) => window.complaints.push(`${event.violatedDirective} refuses ${event.blockedURI}`));
"""
# What a script draws, and what is told by the minute, is no content to compare.
TEXT = """(page) => {
  const words = (page ?? document).querySelector("main").cloneNode(true);
  words.querySelectorAll(".chart, script, [data-drawn], [hx-trigger]").forEach((each) => each.remove());
  return words.textContent.replace(/\\s+/g, " ").trim();
}"""
OPENED = """() => document.querySelectorAll("details").forEach((each) => { each.open = true; })"""
# A control that Tab reaches shows where it is by an outline, or by a shadow of its own.
FOCUS = """() => {
  const wrong = [];
  const all = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  for (const each of document.querySelectorAll(all)) {
    if (each.disabled || !each.checkVisibility({ visibilityProperty: true })) continue;
    const told = each.outerHTML.slice(0, 90);
    if (each.tabIndex !== 0) wrong.push(`Tab order: ${told}`);
    each.focus({ preventScroll: true });
    const style = getComputedStyle(each);
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
    if (document.activeElement !== each) wrong.push(`takes no focus: ${told}`);
    else if (!seen && style.boxShadow === "none") wrong.push(`shows no focus: ${told}`);
  }
  document.activeElement.blur();
  return wrong;
}"""
MOVING = """() => document.getAnimations().map(
    (each) => `moves: ${each.animationName || each.transitionProperty}`)"""
SWAPPED = """() => new Promise((done) => {
  const links = [...document.querySelectorAll("main a[hx-get]")];
  const link = links.find((each) => each.checkVisibility() && !each.closest("[hx-disable]"));
  if (!link) return done(false);
  document.addEventListener("htmx:afterSettle", () => done(true), { once: true });
  link.click();
})"""


def visit(page: Page, url: str) -> list[str]:
    """Open a page and return all that is wrong with it."""
    looks.dress(page, 1440, "light")
    answer = page.goto(url)
    looks.settle(page)
    wrong = [] if answer is not None and answer.ok else [f"{url}: answered {answer and answer.status}"]
    if page.evaluate("document.activeElement === document.body"):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") != "skip-link":
            wrong.append(f"{url}: does not begin with the way past the navigation")
    page.evaluate(OPENED)
    return wrong + [f"{url}: {each}" for check in CHECKS for each in check(page)]


def focus(page: Page) -> list[str]:
    found: list[str] = page.evaluate(FOCUS)
    return found


def motion(page: Page) -> list[str]:
    found: list[str] = page.evaluate(MOVING)
    return found


def dark(page: Page) -> list[str]:
    looks.show(page, 375, "dark")
    return looks.violations(page, looks.NARROW_RULES)


def policy(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.complaints")
    return found


CHECKS: tuple[Callable[[Page], list[str]], ...] = (
    *(focus, motion, looks.violations, looks.too_wide, dark, policy),
)


def forth_and_back(page: Page, url: str) -> list[str]:
    """Follow the first link that swaps a part of the page: Back, Forward and reload show the same."""
    before = page.evaluate(TEXT)
    if not page.evaluate(SWAPPED):
        return []
    after, wrong = page.evaluate(TEXT), []
    for step, expected in ((page.go_back, before), (page.go_forward, after), (page.reload, after)):
        step()
        try:
            page.wait_for_function(f"(expected) => ({TEXT})() === expected", arg=expected, timeout=3_000)
        except TimeoutError:
            wrong.append(f"{url}: {step.__name__} shows another page than {page.url} showed")
    return wrong + policy(page)
