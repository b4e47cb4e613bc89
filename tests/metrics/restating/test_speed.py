"""How long a preview and a closing take where everyone is touched, and how much memory a closing takes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import scenario
from config.clock import set_now
from metrics import definitions
from metrics.build.rebuild import EDITION
from metrics.build.recompute import catch_up
from metrics.build.rows import CONFIGURATION, Row, configuration_row
from metrics.build.write import Build, insert
from metrics.core.history import Configuration
from metrics.core.pricing import Applied
from metrics.models import CurrentBuild
from metrics.restating import closings, previews
from metrics.restating.models import ClosedBalance, PreviewedChange
from tests.cast import Person
from tests.dashboards.revenue import computed
from tests.metrics.seeding import Mirror, connect
from tests.soak import sized

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
BEGAN, GREW = (int(datetime(2026, month, 10, tzinfo=UTC).timestamp()) for month in (1, 10))
OCTOBER = date(2026, 10, 1)
Recorder = Callable[[str, object], None]


def held(mirror: Mirror, count: int) -> Iterator[Row]:
    """Yield so many subscriptions, each with a discount, that grew in October."""
    (price,) = [one.id for one in mirror.company.book.all("price") if one.nickname == "Team monthly"]
    for number in range(count):
        for start, end, quantity in ((BEGAN, GREW, 1), (GREW, None, 2 + number % 7)):
            one = Configuration(
                subscription=f"sub_{number}",
                item=f"si_{number}",
                start=start + number,
                end=None if end is None else end + number,
                price=price,
                quantity=quantity,
                currency="usd",
                status="active",
                paid=True,
                discounts=(Applied(True, f"di_{number}", "TWENTY"),),
            )
            yield configuration_row(mirror.connection_id, f"cus_{number:07}", one)


def built(organization: Organization, count: int) -> None:
    """Give an organization so many payers, valued by a build."""
    mirror = connect(organization, scenario("percent_repeating", NOW, customers=1, days=60))
    mirror.copy(kinds=("product", "price", "coupon"))
    computed(organization, through=NOW)
    rows = held(mirror, count)
    with tenant(organization.id):
        CurrentBuild.objects.update(connection_ids=[mirror.connection_id], edition=EDITION)
        while some := list(islice(rows, 20_000)):
            insert(CONFIGURATION, Build(organization.id), some)
        definitions.set_definition(organization.id, {"discounts": "forever"})
    with set_now(NOW):
        catch_up(organization.id)


@contextmanager
def measured(record: Recorder) -> Iterator[dict[str, float]]:
    """Tell how long a block takes, its CPU here and in PostgreSQL, and by how much memory grew."""
    Path("/proc/self/clear_refs").write_text("5")
    found: dict[str, float] = {}
    before, spent, began = resident("VmRSS"), cpu(), time.monotonic()
    yield found
    found["seconds"] = round(time.monotonic() - began, 2)
    found["cpu_seconds"] = round(cpu() - spent, 2)
    found["megabytes"] = (resident("VmHWM") - before) // 1024
    for name, value in found.items():
        record(name, value)


def cpu() -> float:
    """Return the processor seconds of this process and of its session in PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    ticks = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(ticks[11]) + int(ticks[12])) / 100


def resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


@pytest.mark.soak
def test_a_preview_that_changes_everyone_takes_less_than_two_seconds(
    organization: Organization, owner: Person, record_property: Recorder
) -> None:
    count = sized(300, 10_000)
    built(organization, count)
    spent = []
    with set_now(NOW), tenant(organization.id):
        for _ in range(3):
            with measured(record_property) as took:
                preview = previews.propose(organization.id, {"discounts": "none"}, by=owner.user)
            spent.append(took["cpu_seconds"])
            assert preview.state == previews.DONE
            assert PreviewedChange.objects.filter(preview_id=preview.id).count() == count
    # Other work on the machine only ever adds to it.
    assert min(spent) < 2


@pytest.mark.soak
def test_a_closing_takes_seconds_and_little_memory(
    organization: Organization, owner: Person, record_property: Recorder
) -> None:
    count = sized(300, 100_000)
    built(organization, count)
    with set_now(NOW), tenant(organization.id):
        with measured(record_property) as took:
            closings.close(organization.id, OCTOBER, by=owner.user)
        assert ClosedBalance.objects.count() == count
    assert took["cpu_seconds"] < 20
    assert took["megabytes"] < 200
