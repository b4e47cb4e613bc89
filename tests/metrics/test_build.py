"""Full builds and increments over a mirror: equal, repeatable, apart by tenant and by mode."""

import random
from datetime import datetime, timedelta

from accounts.jobs import DONE, Later
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import (
    Connection,
    Customer,
    DirtyCustomer,
    Event,
    Invoice,
    InvoiceItem,
    Subscription,
)
from billing_sync.payload import read_payload, write_payload
from billing_sync.sandbox import truth
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics import definitions, jobs, queries
from metrics.build.marks import marked, unmark
from metrics.build.recompute import mark, recompute
from metrics.models import (
    Configuration,
    CurrentBuild,
    DailyRevenue,
    DatedChange,
    MonthlyRevenue,
    Movement,
    Segment,
)
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, connect, facts, mirrored

LATER = NOW + timedelta(days=45)
OF_PAYERS = ("subscription", "invoice", "invoiceitem", "invoice_payment", "refund", "credit_note", "event")


def test_increments_in_any_order_equal_a_full_build(mirror: Mirror) -> None:
    mirror.company.advance(int(LATER.timestamp()))
    customers = [life.customer.id for life in mirror.company.lives]
    random.Random(3).shuffle(customers)
    with set_now(LATER):
        for start in range(0, len(customers), 6):
            some = customers[start : start + 6]
            mirror.copy(some, kinds=OF_PAYERS)
            recompute(mirror.organization_id, [(mirror.connection_id, name) for name in some])
        step_by_step = facts(mirror.organization_id)
        recompute(mirror.organization_id)
    assert facts(mirror.organization_id) == step_by_step
    with tenant(mirror.organization_id), set_now(LATER):
        month = queries.month(mirror.organization_id, "usd", LATER.date())
    assert month.ending_micro == sum(truth.mrr_at(mirror.company, mirror.company.now).values())


def test_computing_twice_changes_nothing(mirror: Mirror) -> None:
    before = facts(mirror.organization_id)
    recompute(mirror.organization_id)
    recompute(mirror.organization_id, [(mirror.connection_id, mirror.company.lives[0].customer.id)])
    assert facts(mirror.organization_id) == before


def test_a_rebuild_leaves_no_row_of_the_build_before(mirror: Mirror) -> None:
    recompute(mirror.organization_id)
    with tenant(mirror.organization_id):
        pointer = CurrentBuild.objects.get()
        for model in (Segment, Movement, DailyRevenue, MonthlyRevenue):
            assert set(model.objects.values_list("build", flat=True)) == {pointer.build}


def test_a_new_definition_is_valued_from_history_alone(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        before = queries.month(mirror.organization_id, "usd", NOW.date())
        for model in (Subscription, Invoice, Event):
            model.objects.all().delete()
        definitions.set_definition(mirror.organization_id, {"movement_window": "month"})
    assert jobs.recompute(mirror.organization_id, "") is DONE
    with tenant(mirror.organization_id):
        after = queries.month(mirror.organization_id, "usd", NOW.date())
        assert queries.freshness(mirror.organization_id).definition_version == 2
    assert (after.starting_micro, after.ending_micro) == (before.starting_micro, before.ending_micro)


def test_another_organization_is_neither_read_nor_written(
    mirror: Mirror, other_organization: Organization
) -> None:
    before = facts(mirror.organization_id)
    mirrored(other_organization, generate(seed=12, size=5, now=NOW))
    recompute(other_organization.id)
    assert facts(mirror.organization_id) == before
    with tenant(other_organization.id):
        assert Configuration.objects.exists()
        assert not Segment.objects.exclude(organization_id=other_organization.id).exists()


def test_live_and_test_accounts_are_never_summed(mirror: Mirror, organization: Organization) -> None:
    live = connect(organization, generate(seed=13, size=4, now=NOW), livemode=True)
    live.copy()
    jobs.recompute(organization.id, "")
    with tenant(organization.id):
        assert set(Segment.objects.values_list("connection_id", flat=True)) == {live.connection_id}
        month = queries.month(organization.id, "usd", NOW.date())
    assert month.ending_micro == sum(truth.mrr_at(live.company, live.company.now).values())


def test_nothing_is_computed_while_the_first_import_runs(organization: Organization) -> None:
    with tenant(organization.id):
        Connection.objects.create(
            organization=organization, kind="restricted_key", state=Connection.State.IMPORTING
        )
    with set_now(NOW):
        assert jobs.recompute(organization.id, "") == Later(NOW + timedelta(seconds=2))
    with tenant(organization.id):
        assert not CurrentBuild.objects.exists()


def test_a_payer_that_vanished_takes_her_rows_along(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        gone = Segment.objects.values_list("customer_id", flat=True)[0]
        for model in (Subscription, Invoice, InvoiceItem, Event):
            model.objects.filter(customer_id=gone).delete()
    recompute(mirror.organization_id, [(mirror.connection_id, gone)])
    in_place = facts(mirror.organization_id)
    recompute(mirror.organization_id)
    assert facts(mirror.organization_id) == in_place
    with tenant(mirror.organization_id):
        assert not Configuration.objects.filter(customer_id=gone).exists()


def test_a_mark_set_again_meanwhile_stays(mirror: Mirror) -> None:
    key = (mirror.connection_id, "cus_1")
    with tenant(mirror.organization_id):
        mark(mirror.organization_id, [key])
        seen = marked(mirror.organization_id)
        mark(mirror.organization_id, [key])
        unmark(mirror.organization_id, seen)
        assert DirtyCustomer.objects.count() == 1


def test_marks_are_worked_off_by_the_job(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        mark(mirror.organization_id, [(mirror.connection_id, mirror.company.lives[0].customer.id)])
        assert queries.freshness(mirror.organization_id).computing
    assert jobs.recompute(mirror.organization_id, "") is DONE
    with tenant(mirror.organization_id):
        assert not queries.freshness(mirror.organization_id).computing


def test_a_discount_that_ends_by_date_moves_mrr_on_its_day(mirror: Mirror) -> None:
    ends = NOW + timedelta(days=3)
    customer_id = give_discount(mirror, ends)
    recompute(mirror.organization_id)
    with tenant(mirror.organization_id):
        assert DatedChange.objects.get().at == ends
        before = queries.month(mirror.organization_id, "usd", NOW.date())
    assert jobs.recompute(mirror.organization_id, "") == Later(ends)
    with set_now(ends):
        jobs.recompute(mirror.organization_id, "")
        in_place = facts(mirror.organization_id)
        recompute(mirror.organization_id)
        assert facts(mirror.organization_id) == in_place
        with tenant(mirror.organization_id):
            after = queries.month(mirror.organization_id, "usd", ends.date())
            moved = Movement.objects.get(customer_id=customer_id, date=ends.date())
    assert (moved.kind, moved.reasons) == ("expansion", ["discount_ended"])
    assert after.ending_micro - before.ending_micro == moved.amount_micro


def give_discount(mirror: Mirror, ends: datetime) -> str:
    """Put half off, until some day, on a subscription that runs; return its customer."""
    with tenant(mirror.organization_id):
        row = Subscription.objects.filter(
            customer_id__in=Segment.objects.filter(to_at=None, mrr_micro__gt=0).values("customer_id")
        ).order_by("stripe_id")[0]
        value = read_payload(row.payload)
        start = int((NOW - timedelta(days=20)).timestamp())
        coupon = {"id": "half", "duration": "repeating", "duration_in_months": 1, "percent_off": 50.0}
        value["discounts"] = [
            {
                "id": "di_half",
                "source": {"type": "coupon", "coupon": coupon},
                "start": start,
                "end": int(ends.timestamp()),
                "subscription": row.stripe_id,
            }
        ]
        Subscription.objects.filter(stripe_id=row.stripe_id).update(payload=write_payload(value))
    return str(row.customer_id)


def test_an_empty_account_has_numbers_of_nothing(organization: Organization) -> None:
    connect(organization, generate(seed=1, size=0, now=NOW))
    with set_now(NOW):
        assert jobs.recompute(organization.id, "") is DONE
        with tenant(organization.id):
            assert queries.currencies(organization.id) == []
            assert queries.month(organization.id, "usd", NOW.date()).ending_micro == 0


def test_customers_who_never_paid_have_no_mrr(organization: Organization, company: Company) -> None:
    mirror = connect(organization, company)
    mirror.copy(kinds=["product", "price", "customer"])
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            assert Customer.objects.exists()
            assert not Movement.objects.exists()
