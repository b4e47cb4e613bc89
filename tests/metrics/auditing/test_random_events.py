"""A company lives on, event by event, and its tables never drift from its segments."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Organization
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.auditing.auditing import audit
from metrics.build.recompute import recompute
from tests.metrics import departures
from tests.metrics.conftest import NOW
from tests.metrics.seeding import mirrored, payer
from tests.metrics.test_build import OF_PAYERS
from tests.soak import sized

CUSTOMERS, EVENTS = sized(8, 3_000), sized(100, 40_000)
AT_ONCE = sized(8, 250)


@pytest.mark.soak
def test_nothing_drifts_however_many_events_come_and_in_what_parts(
    organization: Organization, record_property: Callable[[str, object], None]
) -> None:
    company, dice = generate("events", CUSTOMERS, NOW, mix=dict.fromkeys(STORIES, 1)), random.Random(7)
    mirror, known, lived = mirrored(organization, company), 0, 0
    with set_now(NOW):
        recompute(organization.id)
    known = len(list(company.book.all("event")))
    while lived < EVENTS:
        now = datetime.fromtimestamp(company.now, UTC) + timedelta(days=dice.randint(1, 20))
        company.advance(int(now.timestamp()))
        told = list(company.book.all("event"))[known:]
        known, lived = known + len(told), lived + len(told)
        touched = sorted({name for name in map(payer, told) if name})
        dice.shuffle(touched)
        with set_now(now):
            for start in range(0, len(touched), AT_ONCE):
                some = touched[start : start + AT_ONCE]
                mirror.copy(some, kinds=OF_PAYERS)
                recompute(organization.id, [(mirror.connection_id, name) for name in some])
            run = audit(organization.id)
        assert run is not None
        assert run.drift == []
        assert departures.stored(organization.id) == departures.plainly(organization.id)
    assert departures.stored(organization.id)
    record_property("customers", CUSTOMERS)
    record_property("events", lived)
