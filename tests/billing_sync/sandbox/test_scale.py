"""The sandbox serves a hundred thousand customers without holding them."""

from collections.abc import Callable

import pytest

from benchmarks.sandbox_scale import sandbox_scale
from billing_sync.sandbox.company import LARGE
from tests.soak import sized

MOST_MEMORY_MB = 1_500
LEAST_PAGES_A_SECOND = 40


@pytest.mark.soak
def test_a_hundred_thousand_customers_are_served_from_little_memory(
    record_property: Callable[[str, object], None],
) -> None:
    found = sandbox_scale(sized(LARGE, 100_000), "plain")
    record_property("customers", found.customers)
    record_property("seconds to start", round(found.started_seconds))
    record_property("seconds of one core to start", round(found.started_cpu_seconds))
    record_property("most memory in MB", found.memory_mb)
    record_property("pages a second", round(found.pages_per_second))
    assert found.lists["invoices"].objects == 10_000
    assert found.memory_mb < sized(250, MOST_MEMORY_MB)
    assert found.pages_per_second > LEAST_PAGES_A_SECOND
