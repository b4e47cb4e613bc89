"""Increments in any order, side by side and killed on the way: always equal to computing everyone again."""

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from psycopg import OperationalError as Broken

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import DirtyCustomer, Event, Invoice, Price, Subscription
from billing_sync.payload import read_payload, write_payload
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.increment import increment
from metrics.build.recompute import mark, recompute
from metrics.build.resum import repair
from metrics.models import CurrentBuild, PlanRevenue, Segment, UnusedFact
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, facts, mirrored
from tests.metrics.test_build import OF_PAYERS, give_discount
from tests.soak import sized

CUSTOMERS, STEPS, PATIENCE_SECONDS = 12, 6, 30
# An instant before all that a calendar knows.
NO_YEAR = -62_200_000_000
BLOCKED = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(sized(1, 40)))
def test_random_increments_equal_computing_everyone_again(organization: Organization, seed: int) -> None:
    chance = random.Random(seed)
    company = generate(f"increments/{seed}", CUSTOMERS, NOW, mix=dict.fromkeys(STORIES, 1))
    mirror, now = mirrored(organization, company), NOW
    with set_now(now):
        recompute(organization.id)
        payer = give_discount(mirror, NOW + timedelta(days=chance.randint(5, 60)))
    with tenant(organization.id):
        mark(organization.id, [(mirror.connection_id, payer)])
    for _ in range(STEPS):
        now += timedelta(hours=chance.randint(1, 500))
        with set_now(now):
            company.advance(int(now.timestamp()))
            change(mirror, chance, now)
            while increment(organization.id, at_once=chance.randint(1, 5)):
                pass
    with set_now(now):
        in_place = facts(organization.id)
        recompute(organization.id)
    assert facts(organization.id) == in_place


def change(mirror: Mirror, chance: random.Random, now: datetime) -> None:
    """Let some payers' objects arrive, and one of them be gone from Stripe."""
    names = [life.customer.id for life in mirror.company.lives]
    some = chance.sample(names, chance.randint(0, len(names)))
    mirror.copy(some, kinds=OF_PAYERS)
    with tenant(mirror.organization_id):
        model = chance.choice((Subscription, Invoice, Event))
        gone = model.objects.order_by("stripe_id").filter(customer_id__in=some[:3])
        if model is Event:
            gone.filter(stripe_id__in=list(gone.values_list("stripe_id", flat=True)[:2])).delete()
        else:
            gone.filter(stripe_id__in=list(gone.values_list("stripe_id", flat=True)[:1])).update(
                deleted_at=now, fetched_at=now
            )
        mark(mirror.organization_id, [(mirror.connection_id, name) for name in some])


def test_workers_side_by_side_equal_one_alone(mirror: Mirror) -> None:
    later = NOW + timedelta(days=30)
    mirror.company.advance(int(later.timestamp()))
    mirror.copy(kinds=OF_PAYERS)
    names = [(mirror.connection_id, life.customer.id) for life in mirror.company.lives]

    def work() -> int:
        rounds = 0
        with set_now(later):
            for _ in range(3):
                with tenant(mirror.organization_id):
                    mark(mirror.organization_id, names)
                while increment(mirror.organization_id, at_once=2):
                    rounds += 1
        return rounds

    with ThreadPoolExecutor(2) as workers:
        rounds = [worker.result() for worker in [workers.submit(closing, work) for _ in range(2)]]
    assert min(rounds) > 0
    with set_now(later):
        increment(mirror.organization_id)
        side_by_side = facts(mirror.organization_id)
        recompute(mirror.organization_id)
    assert facts(mirror.organization_id) == side_by_side


def test_an_increment_killed_before_its_end_leaves_everything_as_it_was(mirror: Mirror) -> None:
    before, later = facts(mirror.organization_id), NOW + timedelta(days=30)
    mirror.company.advance(int(later.timestamp()))
    mirror.copy(kinds=OF_PAYERS)
    names = [(mirror.connection_id, life.customer.id) for life in mirror.company.lives]
    with tenant(mirror.organization_id):
        mark(mirror.organization_id, names)
    with ThreadPoolExecutor(1) as worker:
        with tenant(mirror.organization_id):
            assert list(CurrentBuild.objects.select_for_update())
            doomed = worker.submit(closing, lambda: dated(later, mirror.organization_id))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [blocked(doomed)])
        with pytest.raises((OperationalError, Broken)):
            doomed.result()
    assert facts(mirror.organization_id) == before
    with tenant(mirror.organization_id):
        assert DirtyCustomer.objects.count() == len(names)
    assert not dated(later, mirror.organization_id)
    assert facts(mirror.organization_id) != before


def dated(at: datetime, organization_id: UUID) -> bool:
    with set_now(at):
        return increment(organization_id)


def closing(work: Callable[[], int]) -> int:
    """Do some work in a thread and give back its connection."""
    try:
        return work()
    finally:
        connection.close()


def blocked(doomed: "Future[int]") -> int:
    """Return the backend that waits for a lock, once one does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not doomed.done():
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED)
            if row := cursor.fetchone():
                return int(row[0])
        time.sleep(0.05)
    raise AssertionError("Nobody waited for the pointer.")


def test_a_payer_who_can_be_computed_no_longer_leaves_the_sums(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        counting = Segment.objects.filter(to_at=None, mrr_micro__gt=0).values("customer_id")
        row = Subscription.objects.filter(customer_id__in=counting).order_by("stripe_id")[0]
        value = read_payload(row.payload) | {"start_date": NO_YEAR, "collection_method": "send_invoice"}
        value["items"]["data"][0]["created"] = NO_YEAR
        Subscription.objects.filter(stripe_id=row.stripe_id).update(payload=write_payload(value))
        Event.objects.filter(customer_id=row.customer_id).delete()
        mark(mirror.organization_id, [(mirror.connection_id, row.customer_id)])
        before = Segment.objects.values("customer_id").distinct().count()
    assert not dated(NOW, mirror.organization_id)
    with tenant(mirror.organization_id):
        assert UnusedFact.objects.get(customer_id=row.customer_id).rule == "could_not_be_computed"
        assert Segment.objects.values("customer_id").distinct().count() == before - 1
    assert repair(mirror.organization_id) == 0


def test_a_price_that_moves_to_another_product_renames_its_plans(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        price_id = PlanRevenue.objects.values_list("price_id", flat=True)[0]
        row = Price.objects.get(stripe_id=price_id)
        value = read_payload(row.payload) | {"product": "prod_other"}
        Price.objects.filter(stripe_id=price_id).update(payload=write_payload(value), product_id="prod_other")
        users = Segment.objects.filter(price_id=price_id).values_list("customer_id", flat=True)
        mark(mirror.organization_id, [(mirror.connection_id, name) for name in set(users)])
    assert not increment(mirror.organization_id)
    in_place = facts(mirror.organization_id)
    recompute(mirror.organization_id)
    assert facts(mirror.organization_id) == in_place
    with tenant(mirror.organization_id):
        assert set(PlanRevenue.objects.filter(price_id=price_id).values_list("product_id", flat=True)) == {
            "prod_other"
        }
