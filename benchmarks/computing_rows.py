"""Three years of an invented company's segments, written into the table as a build writes them."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.models import Organization  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402
from metrics.build import rows  # noqa: E402
from metrics.build.write import Build, execute, insert  # noqa: E402

CONNECTION = UUID(int=1)
NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
DAY, MONTHS = 86_400, 36
SPAN = MONTHS * 30 * DAY
CURRENCIES = ("usd", "usd", "usd", "usd", "eur", "gbp")
INTERVALS = ("1 month", "1 month", "1 month", "3 month", "1 year")
PLANS = 12
AT_ONCE = 20_000
# How many spans of unlike MRR an item has lived through, 3.4 of them a customer.
SPANS = (1, 2, 2, 3, 3, 4, 5, 5, 6, 7)


def write(organization_id: UUID, customers: int, seed: int = 7) -> int:
    """Write the company's segments as the app role, under row level security; return how many."""
    random, written = Random(seed), 0  # noqa: S311 - the same company again
    for first in range(0, customers, AT_ONCE):
        with tenant(organization_id):
            some = [
                row
                for number in range(first, min(first + AT_ONCE, customers))
                for row in _customer(random, number)
            ]
            written += insert(rows.SEGMENT, Build(organization_id, 1, 1), some)
    with tenant(organization_id):
        execute(POINTER, (organization_id, NOW, [CONNECTION]))
    return written


POINTER = (
    "INSERT INTO metrics_currentbuild "
    "(organization_id, definition_version, build, computed_at, connection_ids, edition) "
    "VALUES (%s, 1, 1, %s, %s, 0)"
)


def _customer(random: Random, number: int) -> Iterator[rows.Row]:
    """Yield the segments of one, two or three items, in order; one customer in forty changes currency."""
    currency = random.choice(CURRENCIES)
    items = random.choices((1, 2, 3), (90, 8, 2))[0]
    for item in range(items):
        changed = "eur" if number % 40 == 0 and item else currency
        yield from _item(random, f"{number:010}", item, changed)


def _item(random: Random, name: str, item: int, currency: str) -> Iterator[rows.Row]:
    now = int(NOW.timestamp())
    at = now - random.randrange(SPAN)
    plan = random.randrange(PLANS)
    quantity = random.randrange(1, 9)
    for left in range(random.choice(SPANS), 0, -1):
        until = at + DAY + int(random.expovariate(1 / 120) * DAY)
        end = None if until >= now or (left == 1 and random.random() < 0.7) else until
        step = random.random()
        paused = step < 0.08
        yield _row(name, item, at, end, currency, plan, quantity, paused, random.random() < 0.02)
        if end is None:
            return
        # Most spans meet; some leave a gap before the customer comes back.
        at = end + (random.randrange(60 * DAY) if step > 0.9 else 0)
        if at >= now:
            return
        plan = random.randrange(PLANS) if step < 0.4 else plan
        quantity = random.randrange(1, 9)


def _row(
    name: str,
    item: int,
    start: int,
    end: int | None,
    currency: str,
    plan: int,
    quantity: int,
    paused: bool,
    leaving: bool,
) -> rows.Row:
    interval = INTERVALS[plan % len(INTERVALS)]
    mrr = 0 if paused else quantity * (900 + 700 * plan) * 1_000_000 + plan
    return (
        CONNECTION,
        f"cus_{name}",
        f"sub_{name}",
        f"si_{name}_{item}",
        start,
        end,
        currency,
        f"price_{currency}_{plan}",
        f"prod_{plan}",
        interval,
        quantity,
        mrr,
        0 if leaving else mrr,
        interval == "1 year",
        "paused" if paused else "",
        (),
        "cancellation",
        (f"in_{name}_{start}",),
        True,
        True,
    )


if __name__ == "__main__":
    write(Organization.objects.get(slug=sys.argv[1]).id, int(sys.argv[2]))
