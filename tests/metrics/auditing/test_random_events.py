"""A company of any size lives on, event by event, and its tables never drift from its segments."""

import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from benchmarks import audit_rows
from billing_sync.models import Connection
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.stories import STORIES
from config import clock
from config.clock import set_now
from metrics import definitions
from metrics.auditing.auditing import audit
from metrics.build import parts
from metrics.build.recompute import catch_up
from metrics.build.sources import alone
from tests.metrics import departures
from tests.metrics.agreement import judge
from tests.metrics.auditing.telling import EVENT_DAYS, tell, tell_all
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror
from tests.metrics.test_full_business import stored
from tests.soak import sized

SIZES = sorted({sized(60, full) for full in (10_000, 100_000, 1_000_000)})
# Half of them have come by now; they have objects of Stripe's behind them, all others a stored history.
PAYERS, AGE, BUILT = sized(12, 2_900), timedelta(days=600), sized(9, 4_000)
EVENTS, MOST_DAYS, AT_ONCE = sized(100, 40_000), sized(20, 3), (1, 10, 100, 400)
# Nobody of the others changes by date alone: an increment would look for what the mirror says of them.
ENDED = NOW - timedelta(days=30)
AUDITS = sized(4, 10)
# Halfway everyone is valued anew, by the rules that the company's own truth follows.
OTHER_RULES = {"movement_window": "month", "churn_at": "cancellation_request"}
RULES = {"movement_window": "day", "churn_at": "end_of_paid_term"}


class Taken:
    """How long each part of the work took, and how often it was done."""

    def __init__(self) -> None:
        self.seconds, self.times = defaultdict[str, float](float), Counter[str]()

    @contextmanager
    def by(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.seconds[name] += time.monotonic() - begun
        self.times[name] += 1

    def told(self, name: str) -> str:
        return f"{self.times[name]} in {self.seconds[name]:.0f} s"


@pytest.mark.soak
@pytest.mark.parametrize("customers", SIZES)
def test_nothing_drifts_however_many_events_come_and_in_what_parts(
    organization: Organization, customers: int, record_property: Callable[[str, object], None]
) -> None:
    company = generate("events", PAYERS, NOW, founded=NOW - AGE, mix=dict.fromkeys(STORIES, 1))
    taken = Taken()
    with set_now(NOW), taken.by("filled"):
        copies = max(1, (customers - len(company.lives)) // BUILT)
        mirror = Mirror(organization.id, crowded(organization, copies), company)
        tell_all(mirror)
        catch_up(organization.id)
    known, lived, dice, now = company.book.count("event"), 0, random.Random(customers), NOW
    while lived < EVENTS:
        now += timedelta(days=dice.randint(1, MOST_DAYS))
        with set_now(now):
            lived += live(mirror, known + lived, dice, taken)
            if lived * 2 >= EVENTS and not taken.times["rebuilds"]:
                with taken.by("rebuilds"):
                    change_rules(organization.id, RULES)
            if lived * AUDITS >= EVENTS * (taken.times["audits"] + 1):
                with taken.by("audits"):
                    assert_sound(organization.id, copies * BUILT)
    assert_true(organization.id, company)
    record_property("customers", customers)
    record_property("events", lived)
    for name in taken.times:
        record_property(name, taken.told(name))


def crowded(organization: Organization, copies: int) -> UUID:
    """Give an organization a connection, and customers of many years: some are built, others their copies."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        audit_rows.history(database, organization.slug, BUILT, f"timestamptz '{ENDED.isoformat()}'")
        with tenant(organization.id):
            Connection.objects.update(livemode=False, imported_at=NOW, data_through=NOW)
            connection_id = Connection.objects.get().id
            definitions.set_definition(organization.id, OTHER_RULES)
        with alone(organization.id):
            parts.begin(organization.id, from_history=True)
        catch_up(organization.id)
        audit_rows.multiply(database, organization.slug, copies, (*audit_rows.HISTORY, *audit_rows.NAMED))
        database.execute("ANALYZE")
    return connection_id


def live(mirror: Mirror, known: int, dice: random.Random, taken: Taken) -> int:
    """Let the company live until now, and its numbers follow in parts; return how much happened."""
    mirror.company.advance(int(clock.now().timestamp()))
    told = list(mirror.company.book.all("event"))[known:]
    dice.shuffle(told)
    start = 0
    while some := told[start : start + dice.choice(AT_ONCE)]:
        start += len(some)
        with taken.by("transactions of events"):
            tell(mirror, some)
        with taken.by("increments"):
            catch_up(mirror.organization_id)
    return len(told)


def change_rules(organization_id: UUID, values: dict[str, str]) -> None:
    with tenant(organization_id):
        definitions.set_definition(organization_id, values)
    catch_up(organization_id)


def assert_sound(organization_id: UUID, crowd: int) -> None:
    run = audit(organization_id)
    assert run is not None
    assert run.drift == []
    assert crowd <= run.customers <= crowd + PAYERS
    assert departures.stored(organization_id) == departures.plainly(organization_id)
    assert departures.stored(organization_id)


def assert_true(organization_id: UUID, company: Company) -> None:
    """Hold the payers who lived on against what the company knows of them."""
    since = int(NOW.timestamp()) - EVENT_DAYS * DAY
    assert judge(company, stored(organization_id, company), events_since=since).wrong == []
