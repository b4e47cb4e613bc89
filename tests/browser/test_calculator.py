"""The calculator in a browser: it reckons as figures are typed, names what is wrong, and connects nowhere."""

from playwright.sync_api import Page, expect


def test_the_calculator_reckons_in_the_browser_and_sends_nothing(
    browser_page: Page, live_server_url: str
) -> None:
    page, asked = browser_page, list[str]()
    page.goto(f"{live_server_url}/calculator/")
    page.on("request", lambda request: asked.append(request.url))
    typed, pasted, priced = (
        page.locator(f"[data-calculation={one}]") for one in ("typed", "pasted", "subscriptions")
    )
    expect(typed.locator("[data-figure=ending]")).to_have_text("11,400.00")
    expect(typed.locator("[data-figure=net_revenue_retention]")).to_have_text("99.0%")
    expect(pasted.locator("[data-figure=churn]")).to_have_text("11,000.00")
    expect(priced.locator("[data-figure=mrr]")).to_have_text("2,393.33")
    typed.get_by_label("Churned", exact=True).fill("500.50")
    expect(typed.locator("[data-figure=ending]")).to_have_text("11,399.50")
    typed.get_by_label("New", exact=True).fill("=1")
    expect(typed.get_by_role("alert")).to_contain_text("“=1” is not an amount.")
    pasted.get_by_label("Table").fill("a;1;2\na;1;2")
    expect(pasted.get_by_role("alert")).to_contain_text("Line 2: “a” has two rows.")
    assert page.locator("[data-without-script]").is_hidden()
    # A browser may ask for the icon at any time.
    assert [url for url in asked if not url.endswith("mark.svg")] == []
