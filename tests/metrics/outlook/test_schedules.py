"""Schedules as Stripe keeps them: signed and not started, changing plans, ending their subscription."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Subscription, SubscriptionSchedule
from billing_sync.payload import read_payload, write_payload
from billing_sync.sandbox.company import scripted
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.evidence.sums import standing
from metrics.exposure import looking
from metrics.models import DecidedChange
from tests.metrics.conftest import NOW
from tests.metrics.exposure.company import CENT, a_while
from tests.metrics.seeding import Mirror, mirrored

AHEAD = int((NOW + timedelta(days=40)).timestamp())
SEAT = 4_900 * CENT


@pytest.fixture
def calm(organization: Organization) -> Mirror:
    """Give the mirror of one customer with two seats, who plans nothing."""
    return mirrored(organization, scripted([(a_while(), NOW - timedelta(days=10))], NOW))


def plan(mirror: Mirror, value: dict[str, Any], *, attached: bool = True) -> str:
    """Store a schedule of the customer, attached to her subscription; return the subscription's id."""
    ours = {"organization_id": mirror.organization_id, "connection_id": mirror.connection_id}
    with tenant(mirror.organization_id):
        held = Subscription.objects.get()
        payload = read_payload(held.payload)
        if attached:
            value |= {"subscription": held.stripe_id}
            held.payload = write_payload(payload | {"schedule": "sub_sched_1"})
            held.save()
        SubscriptionSchedule.objects.create(
            **ours,
            stripe_id="sub_sched_1",
            customer_id=held.customer_id,
            created_at=NOW - timedelta(days=1),
            payload=write_payload({"id": "sub_sched_1", "object": "subscription_schedule", **value}),
            api_version="",
            fetched_at=NOW,
        )
    return held.stripe_id


def phase(mirror: Mirror, start: int, quantity: int, end: int | None = None) -> dict[str, Any]:
    price = next(one.id for one in mirror.company.book.all("price") if one.nickname == "Team monthly")
    items = [{"price": price, "quantity": quantity}]
    return {"start_date": start, "end_date": end, "currency": "usd", "items": items}


def looked_at(mirror: Mirror) -> list[tuple[str, str, int, int]]:
    """Return what is decided, in order, and hold committed MRR against it."""
    with set_now(NOW):
        recompute(mirror.organization_id)
        looking.look_to_the_end(mirror.organization_id)
        with tenant(mirror.organization_id):
            rows = list(DecidedChange.objects.order_by("due_on"))
            shown = queries.shown(mirror.organization_id)
            now = standing(shown, "usd", shown.today)
    assert now.committed_micro - now.mrr_micro == sum(one.committed_micro for one in rows)
    assert now.mrr_micro == 2 * SEAT
    return [(one.subscription_id, one.kind, one.amount_micro, one.committed_micro) for one in rows]


def test_what_is_signed_is_told_and_committed(calm: Mirror) -> None:
    signed = {"status": "not_started", "created": AHEAD - 50 * 86_400, "phases": [phase(calm, AHEAD, 3)]}
    plan(calm, signed, attached=False)
    assert looked_at(calm) == [("sub_sched_1", "start", 3 * SEAT, 3 * SEAT)]


def test_phases_are_measured_one_after_the_other_until_the_schedule_ends_it_all(calm: Mirror) -> None:
    later, last = AHEAD + 20 * 86_400, AHEAD + 40 * 86_400
    phases = [
        phase(calm, AHEAD - 60 * 86_400, 2, AHEAD),
        phase(calm, AHEAD, 5, later),
        phase(calm, later, 1, last),
    ]
    name = plan(calm, {"status": "active", "end_behavior": "cancel", "phases": phases})
    assert looked_at(calm) == [
        (name, "phase", 3 * SEAT, 0),
        (name, "phase", -4 * SEAT, 0),
        (name, "phase", -SEAT, 0),
    ]


def test_a_schedule_that_was_let_go_plans_nothing(calm: Mirror) -> None:
    plan(calm, {"status": "released", "end_behavior": "cancel", "phases": [phase(calm, AHEAD, 5, AHEAD + 9)]})
    assert looked_at(calm) == []


def test_a_schedule_that_cannot_be_read_plans_nothing(calm: Mirror) -> None:
    plan(calm, {"status": "active", "phases": "soon"})
    assert looked_at(calm) == []
