"""What is deleted in Stripe keeps its history here."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.tenancy import tenant
from billing_sync import mirror as mirrored_objects
from billing_sync.models import Connection, Invoice, Subscription
from billing_sync.payload import read_payload
from billing_sync.resource import Resource
from billing_sync.resources import COUPONS, CUSTOMERS, INVOICES, PRICES, SUBSCRIPTIONS
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.models import Movement, Segment
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror

LATER = NOW + timedelta(days=1)
FOUND = NOW + timedelta(hours=6)


def delete(mirror: Mirror, resource: Resource, **which: Any) -> list[str]:
    """Mark objects as gone from Stripe, six hours from now, and compute again a day from now."""
    with tenant(mirror.organization_id):
        rows = resource.model._default_manager.filter(organization_id=mirror.organization_id, **which)
        ids = list(rows.values_list("stripe_id", flat=True))
        connection = Connection.objects.get(id=mirror.connection_id)
        mirrored_objects.tombstone(connection, resource, ids, FOUND)
    with set_now(LATER):
        recompute(mirror.organization_id)
    return ids


def movements(mirror: Mirror) -> list[tuple[Any, ...]]:
    names = ("date", "customer_id", "kind", "amount_micro", "currency")
    with tenant(mirror.organization_id):
        found = Movement.objects.filter(organization_id=mirror.organization_id)
        return sorted(found.values_list(*names))


def running(mirror: Mirror) -> set[str]:
    """Return the subscriptions that count now."""
    with tenant(mirror.organization_id):
        found = Segment.objects.filter(organization_id=mirror.organization_id, to_at=None, mrr_micro__gt=0)
        return set(found.values_list("subscription_id", flat=True))


@pytest.mark.parametrize("resource", [CUSTOMERS, INVOICES, PRICES, COUPONS], ids=lambda one: one.name)
def test_a_deleted_object_moves_no_revenue(mirror: Mirror, resource: Resource) -> None:
    with set_now(LATER):
        recompute(mirror.organization_id)
    before, counted = movements(mirror), running(mirror)
    assert delete(mirror, resource) or resource is COUPONS
    assert movements(mirror) == before
    assert running(mirror) == counted


def test_a_deleted_subscription_keeps_its_past_and_ends_when_it_was_missed(mirror: Mirror) -> None:
    before, counted = movements(mirror), running(mirror)
    gone = sorted(counted)[0]
    delete(mirror, SUBSCRIPTIONS, stripe_id=gone)
    since = [one for one in movements(mirror) if one not in before]
    assert [one for one in before if one not in movements(mirror)] == []
    assert {(str(on), kind) for on, _, kind, *_ in since} == {(f"{FOUND:%Y-%m-%d}", "churn")}
    assert running(mirror) == counted - {gone}


def test_a_subscription_that_had_ended_is_not_ended_again(mirror: Mirror) -> None:
    before = movements(mirror)
    with tenant(mirror.organization_id):
        ended = [one for one in Subscription.objects.all() if read_payload(one.payload)["ended_at"]]
    assert delete(mirror, SUBSCRIPTIONS, stripe_id__in=[one.stripe_id for one in ended])
    assert movements(mirror) == before


def test_a_draft_that_was_deleted_is_no_evidence(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        invoice = Invoice.objects.order_by("stripe_id")[0]
        Invoice.objects.filter(stripe_id=invoice.stripe_id).update(status="draft")
    delete(mirror, INVOICES, stripe_id=invoice.stripe_id)
    kept = movements(mirror)
    with tenant(mirror.organization_id):
        Invoice.objects.filter(stripe_id=invoice.stripe_id).delete()
    with set_now(LATER):
        recompute(mirror.organization_id)
    assert movements(mirror) == kept
