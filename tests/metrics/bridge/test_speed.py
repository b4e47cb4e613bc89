"""How long the four tools take on many subscriptions."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import cycle, islice

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import scenario
from metrics import queries
from metrics.bridge import comparing
from metrics.bridge.models import Comparison
from metrics.build.rows import CONFIGURATION, Row, configuration_row
from metrics.build.write import Build, insert
from metrics.core.history import Configuration
from metrics.core.pricing import Applied
from metrics.models import CurrentBuild
from tests.dashboards.revenue import computed
from tests.metrics.seeding import Mirror, connect
from tests.soak import sized

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
BEGAN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def held(mirror: Mirror, count: int) -> Iterator[Row]:
    """Yield as many subscriptions: a third discounted, some past due, cancelling, paused or unpaid."""
    prices = [one.id for one in mirror.company.book.all("price")]
    coupons = [one.id for one in mirror.company.book.all("coupon")]
    for number, price in enumerate(islice(cycle(prices), count)):
        coupon = coupons[number % len(coupons)]
        one = Configuration(
            subscription=f"sub_{number}",
            item=f"si_{number}",
            start=BEGAN,
            end=None,
            price=price,
            quantity=1 + number % 7,
            currency="usd",
            status=("past_due", "unpaid", *["active"] * 18)[number % 20],
            paid=number % 50 != 0,
            collection_paused=number % 40 == 0,
            cancel_requested=number % 25 == 0,
            unpaid_since=BEGAN if number % 20 == 0 else None,
            discounts=(Applied(True, f"di_{number}", coupon),) if number % 3 == 0 else (),
        )
        yield configuration_row(mirror.connection_id, f"cus_{number:06}", one)


@pytest.mark.soak
def test_four_tools_answer_within_seconds(
    organization: Organization, record_property: Callable[[str, object], None]
) -> None:
    count = sized(400, 10_000)
    mirror = connect(organization, scenario("percent_repeating", NOW, customers=1, days=60))
    mirror.copy(kinds=("product", "price", "coupon"))
    computed(organization, through=NOW)
    with tenant(organization.id):
        CurrentBuild.objects.update(connection_ids=[mirror.connection_id])
        insert(CONFIGURATION, Build(organization.id), held(mirror, count))
    with tenant(organization.id):
        where = comparing.place(queries.shown(organization.id), date(2026, 10, 1), "usd")
        assert where is not None
        began = time.monotonic()
        comparing.compare(where)
        seconds = time.monotonic() - began
        moved = [
            step["subscriptions"]
            for one in Comparison.objects.all()
            for step in one.result["steps"].values()
            if step["subscriptions"]
        ]
    record_property("subscriptions", count)
    record_property("seconds", round(seconds, 2))
    record_property("rows_moved", sum(moved))
    assert sum(moved) > count / 5
    assert seconds < sized(5, 15)
