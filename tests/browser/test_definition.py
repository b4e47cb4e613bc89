"""Rules are changed by previewing first, and a month is closed: by hand, at every width."""

from datetime import date
from uuid import UUID

from playwright.sync_api import Page, expect

from accounts.models import Organization
from accounts.tenancy import tenant
from config import clock
from metrics.restating.models import Preview, PreviewedChange
from tests.browser import looks
from tests.browser.test_pages import sign_in
from tests.cast import Person
from tests.dashboards.revenue import EURO, NOW, revenue
from tests.dashboards.test_closings import late_churn


def changes(organization: Organization) -> None:
    """Let the preview on show change some subscriptions and a month."""
    with tenant(organization.id):
        preview = Preview.objects.get()
        result = dict(preview.result or {})
        result["after"] = {"eur": {**result["after"]["eur"], "2026-10-01": [EURO, *[0] * 11]}}
        result["counts"] = {"eur": {"changed": 3, "now": 2, "net_micro": -2 * EURO}}
        Preview.objects.update(result=result)
        for position in range(1, 4):
            PreviewedChange.objects.create(
                organization_id=organization.id,
                preview_id=preview.id,
                position=position,
                connection_id=UUID(int=1),
                customer_id=f"cus_QxT{position}Lw0aYbZ91",
                subscription_id=f"sub_1SqT{position}lKp9ZyXwVuTs",
                currency="eur",
                before_micro=49 * EURO,
                after_micro=49 * EURO - (3 - position) * EURO,
                differs_from=NOW,
                differs_until=NOW if position == 3 else None,
            )


def test_rules_are_previewed_then_saved_and_a_month_is_closed(
    browser_page: Page, live_server_url: str, owner: Person, organization: Organization
) -> None:
    page = browser_page
    with clock.set_now(NOW):
        revenue(organization, since=date(2026, 1, 1))
        sign_in(page, owner, live_server_url)
        page.goto("/o/acme/")
        page.get_by_role("link", name="Audit").click()
        page.get_by_label("Discounts that reduce MRR").select_option("none")
        page.get_by_role("button", name="Preview the change").click()
        expect(page.get_by_role("heading", name="Preview of a change")).to_be_visible()
        changes(organization)
        page.reload()
        looks.inspect(page, "definition-preview")
        page.get_by_role("link", name="Closed months").click()
        page.get_by_role("button", name="Close September 2026").click()
        expect(page.get_by_role("heading", name="September 2026, as published")).to_be_visible()
        late_churn(organization)
        page.reload()
        looks.inspect(page, "closed-month")
        page.get_by_role("link", name="Stripe told it later").click()
        looks.inspect(page, "restatement")
        page.goto("/o/acme/audit/months/")
        page.goto(f"/o/acme/audit/definition/previews/{preview_id(organization)}")
        page.get_by_role("button", name="Save as the next version").click()
        expect(page.get_by_text("Version 2 is saved. Every number")).to_be_visible()


def preview_id(organization: Organization) -> UUID:
    with tenant(organization.id):
        return Preview.objects.get().id
