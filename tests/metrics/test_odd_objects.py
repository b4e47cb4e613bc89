"""Objects that no account should hold: found another way or listed, and no payer is stopped by them."""

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Charge, Event, Invoice, Refund, Subscription
from billing_sync.payload import read_payload, write_payload
from billing_sync.sandbox.company import scenario
from config.clock import set_now
from metrics import definitions
from metrics.build.recompute import catch_up, recompute
from metrics.models import Segment, UnusedFact
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, facts, mirrored


def test_an_unreadable_object_is_listed_and_stops_nobody(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        row = Invoice.objects.order_by("stripe_id")[0]
        Invoice.objects.filter(stripe_id=row.stripe_id).update(
            payload=write_payload({"id": row.stripe_id, "lines": "none"})
        )
    recompute(mirror.organization_id)
    with tenant(mirror.organization_id):
        listed = UnusedFact.objects.get(object_id=row.stripe_id)
        assert listed.customer_id == row.customer_id
        assert listed.rule.startswith("unreadable")
        assert Segment.objects.exists()


def test_a_refund_without_a_customer_is_found_through_its_charge(organization: Organization) -> None:
    mirror = mirrored(organization, scenario("refunded_and_gone", NOW))
    with set_now(NOW):
        recompute(organization.id)
        before = facts(organization.id)
        with tenant(organization.id):
            refunds = list(Refund.objects.all())
            assert refunds
            for refund in refunds:
                value = read_payload(refund.payload) | {"customer": None}
                Refund.objects.filter(stripe_id=refund.stripe_id).update(
                    customer_id="", charge_id=value["charge"], payload=write_payload(value)
                )
                Charge.objects.create(
                    organization=organization,
                    connection_id=mirror.connection_id,
                    stripe_id=value["charge"],
                    customer_id=refund.customer_id,
                    payload=write_payload({"id": value["charge"]}),
                    fetched_at=NOW,
                )
        recompute(organization.id)
        assert facts(organization.id) == before
        with tenant(organization.id):
            Charge.objects.all().delete()
        recompute(organization.id)
        assert facts(organization.id) != before


def test_an_amount_beyond_64_bits_is_listed_and_stops_nobody(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        row = Subscription.objects.filter(
            customer_id__in=Segment.objects.filter(to_at=None, mrr_micro__gt=0).values("customer_id")
        ).order_by("stripe_id")[0]
        value = read_payload(row.payload)
        value["items"]["data"][0]["quantity"] = 1 << 61
        Subscription.objects.filter(stripe_id=row.stripe_id).update(payload=write_payload(value))
        customers = Segment.objects.values("customer_id").distinct().count()
    recompute(mirror.organization_id)
    with tenant(mirror.organization_id):
        assert UnusedFact.objects.filter(object_id=row.stripe_id, rule="amount_out_of_range").exists()
        assert Segment.objects.values("customer_id").distinct().count() >= customers - 1


@pytest.mark.parametrize(
    ("began", "rule", "traced"),
    [(-62_200_000_000, "could_not_be_computed", True), (-(1 << 50), "amount_out_of_range", False)],
)
def test_a_payer_who_cannot_be_computed_is_listed_and_stops_nobody(
    mirror: Mirror, caplog: pytest.LogCaptureFixture, began: int, rule: str, traced: bool
) -> None:
    with tenant(mirror.organization_id):
        counting = Segment.objects.filter(to_at=None, mrr_micro__gt=0)
        row = Subscription.objects.filter(customer_id__in=counting.values("customer_id")).order_by(
            "stripe_id"
        )[0]
        others = set(Segment.objects.exclude(customer_id=row.customer_id).values_list("item_id", "mrr_micro"))
        value = read_payload(row.payload) | {"start_date": began, "collection_method": "send_invoice"}
        value["items"]["data"][0]["created"] = began
        Subscription.objects.filter(stripe_id=row.stripe_id).update(payload=write_payload(value))
        Event.objects.filter(customer_id=row.customer_id).delete()
    recompute(mirror.organization_id)
    assert ("could not be computed" in caplog.text and "Traceback" in caplog.text) is traced
    for settings in ({}, {"discounts": "all"}):
        with tenant(mirror.organization_id):
            definitions.set_definition(mirror.organization_id, settings)
        catch_up(mirror.organization_id)
        with tenant(mirror.organization_id):
            listed = UnusedFact.objects.get(customer_id=row.customer_id)
            assert listed.rule == rule
            assert Segment.objects.filter(subscription_id=row.stripe_id).exists() is not traced
            found = set(
                Segment.objects.exclude(customer_id=row.customer_id).values_list("item_id", "mrr_micro")
            )
            assert others <= found
