"""However webhooks come, the mirror ends where a plain sync does."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts import jobs
from accounts.models import Organization
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.deliveries import Handling
from billing_sync.sandbox.deliveries import deliveries as posts
from billing_sync.sandbox.server import serve
from billing_sync.sandbox.webhooks import WebhookEndpoint
from tests.billing_sync.accounts import NOW, connected, connection_of, facts
from tests.billing_sync.test_events import poll
from tests.billing_sync.webhooks.arranging import SECRET, deliveries, listening, post
from tests.soak import sized

CUSTOMERS = sized(15, 500)
LATER = NOW + timedelta(days=9)
OLDER = "2024-06-20"
WAYS: dict[str, dict[str, Any]] = {
    "snapshots": {},
    "thin": {"thin": True},
    "older version": {"api_version": OLDER},
}
# Stripe's clock against ours, in seconds; five minutes are the tolerance, the posting itself takes some.
SKEWS = {"snapshots": 240, "thin": -120, "older version": 0}


def settle(organization: Organization) -> None:
    """Run the jobs of webhooks and events until both have nothing to do."""
    for kind in ("process_webhooks", "poll_events", "process_webhooks"):
        key = str(connection_of(organization).id)
        jobs.enqueue(organization.id, kind, key)
        while jobs.run(jobs.job_id(organization.id, kind, key)):
            pass


@pytest.mark.soak
@pytest.mark.parametrize("way", WAYS)
def test_webhooks_repeated_shuffled_and_missing_end_where_a_plain_sync_does(
    way: str,
    organization: Organization,
    other_organization: Organization,
    record_property: Callable[[str, object], None],
) -> None:
    company = generate(seed=11, size=CUSTOMERS, now=NOW)
    with serve(company) as base_url:
        for each in (organization, other_organization):
            connected(each, base_url)
        began = company.now
        company.advance(int(LATER.timestamp()))
        path = listening(connection_of(organization))
        endpoint = WebhookEndpoint("https://numbers.example.com/", SECRET, **WAYS[way])
        handling = Handling(repeat=(1, 3), drop=0.05, shuffle=True, seed=5)
        sent = list(posts(company, endpoint, began, handling, SKEWS[way]))
        stops = random.Random(3).sample(range(len(sent)), 3)
        for number, one in enumerate(sent):
            assert post(path, one.body, dict(one.headers)["Stripe-Signature"]) == 200
            if number in stops:
                settle(organization)
        settle(organization)
        poll(organization)
        poll(other_organization)
    kept = deliveries(connection_of(organization))
    assert len({one.event for one in sent}) == len(kept) < len(sent)
    assert all(one.processed_at and not bytes(one.body) and not one.error for one in kept)
    assert facts(organization) == facts(other_organization)
    record_property("events", len(kept))
    record_property("posts", len(sent))
