"""Pictures of the main pages for the documentation; `make screenshots` alone collects this file."""

import base64
import os
from pathlib import Path

from playwright.sync_api import Page

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Payer
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import DEMO
from metrics.cohorts.counting import count
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.dashboards.at_risk import AtRisk, at_risk
from tests.every_page import Pages
from tests.metrics.conftest import NOW

MAIN = (
    *("dashboard", "investor", "customers", "customer", "movements", "exposure", "payments"),
    *("analysis", "calendar", "cohorts", "alerts", "definition", "clean", "bridge", "data", "sync"),
)
SIZES = {1440: 1000, 375: 812}
QUALITY = 72


def test_the_main_pages_are_drawn(browser_page: Page, live_server_url: str) -> None:
    directory = Path(os.environ["SCREENSHOTS"])
    directory.mkdir(parents=True, exist_ok=True)
    with at_risk(generate("demo", 240, NOW, mix=DEMO)) as business:
        name_payers(business)
        count(business.id)
        pages = Pages(business.owner.client, Organization.objects.get(id=business.id))
        sign_in(browser_page, business.owner, live_server_url)
        for name in (name for name in MAIN if name in pages.found):
            browser_page.goto(pages.found[name].url)
            draw(browser_page, directory / name)


def name_payers(business: AtRisk) -> None:
    """Store what the company's customers are called."""
    ours = {"organization_id": business.id, "connection_id": business.mirror.connection_id}
    with tenant(business.id):
        Payer.objects.bulk_create(
            Payer(**ours, customer_id=one.id, name=one.name, fields=b"", fetched_at=NOW)
            for one in business.mirror.company.book.all("customer")
        )


def draw(page: Page, stem: Path) -> None:
    """Draw what is first seen of a page, at both widths and in both schemes, in a format that is small."""
    browser = page.context.new_cdp_session(page)
    for width, height in SIZES.items():
        for scheme in looks.SCHEMES:
            looks.show(page, width, scheme, ".chart svg" if page.locator(".chart").count() else "main")
            page.set_viewport_size({"width": width, "height": height})
            asked = {"format": "webp", "quality": QUALITY}
            drawn = browser.send("Page.captureScreenshot", asked)["data"]
            stem.with_name(f"{stem.name}-{width}-{scheme}.webp").write_bytes(base64.b64decode(drawn))
    browser.detach()
