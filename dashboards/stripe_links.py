"""Addresses of objects in Stripe's own dashboard."""

from urllib.parse import quote

BASE = "https://dashboard.stripe.com"
# By the beginning of an id, longer ones first; objects without a page of their own are not here.
PAGES = (
    ("sub_sched_", "subscription_schedules"),
    ("cus_", "customers"),
    ("sub_", "subscriptions"),
    ("in_", "invoices"),
    ("price_", "prices"),
    ("plan_", "prices"),
    ("prod_", "products"),
    ("evt_", "events"),
    ("pi_", "payments"),
    ("ch_", "payments"),
)


def stripe_url(stripe_id: str, *, livemode: bool | None, page: str = "") -> str:
    """Return where Stripe shows an object, in test mode or live; nothing where it has no page."""
    found = page or next((name for prefix, name in PAGES if stripe_id.startswith(prefix)), "")
    if not found:
        return ""
    mode = "" if livemode else "/test"
    return f"{BASE}{mode}/{found}/{quote(stripe_id, safe='')}"
