"""Ten thousand webhooks, then as many forged ones beside them, at 500 a second, on the server of `up`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from benchmarks.posting import Answers, post, signer
from billing_sync.models import WebhookDelivery
from tests.billing_sync.webhooks.arranging import (
    OTHER_SECRET,
    SECRET,
    listening,
    live_connection,
    told,
    web_server,
)
from tests.processes import Worker
from tests.soak import sized

POSTS = sized(1_000, 10_000)
RATE = 500.0
# Tests share their machine with other tests; at full size the promise itself is held.
P99_MS = sized(1_500, 100)
PADDING = "x" * 3_000
Record = Callable[[str, object], None]


def bodies(start: int) -> list[bytes]:
    return [told(number, note=PADDING) for number in range(start, start + POSTS)]


def kept(organization: Organization, **where: object) -> int:
    with tenant(organization.id):
        return WebhookDelivery.objects.filter(organization_id=organization.id, **where).count()


@pytest.mark.soak
def test_no_webhook_of_a_flood_is_lost_or_slow_and_forged_ones_do_not_matter(
    organization: Organization, celery_worker: Worker, record_property: Record
) -> None:
    path = listening(live_connection(organization))
    with web_server() as address, ThreadPoolExecutor(1) as beside:
        url = f"{address}{path}"
        post(url, bodies(0)[:50], signer(SECRET), RATE)
        alone = post(url, bodies(POSTS), signer(SECRET), RATE)
        assert set(alone.statuses) == {200}
        before = kept(organization)
        forged = beside.submit(post, url, bodies(5 * POSTS), signer(OTHER_SECRET), RATE)
        honest = post(url, bodies(2 * POSTS), signer(SECRET), RATE)
        refused = forged.result()
    assert refused.statuses == {400: POSTS}
    assert honest.statuses == {200: POSTS}
    assert kept(organization) == before + POSTS == 2 * POSTS + 50
    for name, answers in (("alone", alone), ("beside forged", honest), ("forged", refused)):
        record_property(name, described(answers))
    assert alone.percentile(0.99) * 1000 < P99_MS
    assert honest.percentile(0.99) * 1000 < max(P99_MS, 2 * alone.percentile(0.99) * 1000)


def described(answers: Answers) -> str:
    p50, p99 = (answers.percentile(share) * 1000 for share in (0.5, 0.99))
    return f"{answers.rate:.0f}/s p50 {p50:.1f} ms p99 {p99:.1f} ms"
