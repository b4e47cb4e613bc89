"""Invoices that first failed: moved payer by payer they are what a whole build counts."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Charge, Connection, Invoice, InvoicePayment
from billing_sync.payload import write_payload
from metrics.auditing.auditing import audit
from metrics.auditing.counting import FAILURES
from metrics.build.failed import refresh
from metrics.build.recompute import recompute
from metrics.models import DailyFailures, FailedInvoice
from metrics.queries import shown
from tests.soak import sized

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
# What the core reads: nothing, for these tests are about the columns.
DRAFT = write_payload({"id": "in_1", "currency": "eur", "status": "draft"})


def account(organization: Organization) -> UUID:
    """Return an account that was imported whole and holds nothing yet."""
    with tenant(organization.id):
        made = Connection.objects.create(
            organization=organization,
            kind=Connection.Kind.RESTRICTED_KEY,
            state=Connection.State.LIVE,
            account_id="acct_1",
            livemode=True,
            imported_at=NOON,
            data_through=NOON,
        )
    return made.id


def attempt(organization: Organization, account: UUID, number: int, at: datetime, **changed: str) -> None:
    """Store an attempt to collect the invoice of a number, failed unless said otherwise."""
    facts = {"organization": organization, "connection_id": account, "payload": DRAFT, "fetched_at": NOON}
    facts |= {"api_version": "", "created_at": at}
    charge = {"status": "failed", "currency": "eur", "payment_intent_id": f"pi_{number}"}
    with tenant(organization.id):
        Charge.objects.create(
            **facts,
            **{**charge, **changed},
            stripe_id=f"ch_{at:%m%d%H%M%S}_{number}",
            customer_id=f"cus_{number}",
        )
        InvoicePayment.objects.get_or_create(
            organization=organization,
            connection_id=account,
            stripe_id=f"inpay_{number}",
            defaults={**facts, "payment_id": f"pi_{number}", "invoice_id": f"in_{number}"},
        )


def bill(organization: Organization, account: UUID, number: int, total: int, **changed: object) -> None:
    """Store the invoice of a number as it is now, open unless said otherwise."""
    facts = {"payload": DRAFT, "fetched_at": NOON, "api_version": "", "created_at": NOON}
    facts |= {"customer_id": f"cus_{number}", "status": "open", "total_minor": total, **changed}
    with tenant(organization.id):
        Invoice.objects.update_or_create(
            organization=organization, connection_id=account, stripe_id=f"in_{number}", defaults=facts
        )


def summed(organization: Organization) -> dict[tuple[str, date], Any]:
    """Return how many invoices failed on each day, and how many of them recovered, with their totals."""
    with tenant(organization.id):
        rows = DailyFailures.objects.values_list(
            "currency", "day", "invoices", "amount_minor", "recovered", "recovered_minor"
        )
        return {(currency, day): tuple(sums) for currency, day, *sums in rows}


def counted(organization: Organization) -> dict[date, int]:
    with tenant(organization.id):
        return dict(DailyFailures.objects.order_by("day").values_list("day", "invoices"))


def test_an_invoice_counts_on_the_local_day_of_its_first_failure(organization: Organization) -> None:
    mine = account(organization)
    attempt(organization, mine, 1, NOON)
    attempt(organization, mine, 1, NOON + timedelta(days=3))
    attempt(organization, mine, 2, NOON + timedelta(hours=11, minutes=30))
    attempt(organization, mine, 3, NOON, status="succeeded")
    recompute(organization.id)
    assert counted(organization) == {date(2026, 3, 1): 2}


def test_what_increments_count_is_what_a_build_counts(organization: Organization) -> None:
    mine = account(organization)
    for number in range(3):
        attempt(organization, mine, number, NOON)
    recompute(organization.id)
    with tenant(organization.id):
        Charge.objects.filter(customer_id="cus_0").update(status="succeeded")
        InvoicePayment.objects.filter(invoice_id="in_1").update(invoice_id="in_other")
    attempt(organization, mine, 1, NOON - timedelta(days=2))
    attempt(organization, mine, 4, NOON + timedelta(days=1))
    bill(organization, mine, 2, 900)
    bill(organization, mine, 4, 70, status="paid", paid_at=NOON + timedelta(days=9))
    recompute(organization.id, [(mine, f"cus_{number}") for number in range(5)])
    moved, sums = counted(organization), summed(organization)
    with tenant(organization.id):
        FailedInvoice.objects.all().delete()
        refresh(organization.id, [mine], shown(organization.id).zone)
    assert (moved, sums) == (counted(organization), summed(organization))
    assert sums["eur", date(2026, 3, 1)] == (1, 900, 0, 0)
    assert moved == {date(2026, 2, 27): 1, date(2026, 3, 1): 1, date(2026, 3, 2): 1}


def test_an_invoice_that_is_paid_recovers_on_the_day_of_its_failure(organization: Organization) -> None:
    mine, paid = account(organization), {"status": "paid", "paid_at": NOON + timedelta(days=40)}
    attempt(organization, mine, 1, NOON)
    bill(organization, mine, 1, 500)
    recompute(organization.id)
    seen = [summed(organization)]
    for total, changed in ((500, paid), (450, paid), (450, {"status": "void", "paid_at": None})):
        bill(organization, mine, 1, total, **changed)
        recompute(organization.id, [(mine, "cus_1")])
        seen.append(summed(organization))
    on = "eur", date(2026, 3, 1)
    assert [one[on] for one in seen] == [(1, 500, 0, 0), (1, 500, 1, 500), (1, 450, 1, 450), (1, 450, 0, 0)]


def test_the_audit_counts_each_local_day_and_names_what_differs(organization: Organization) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone="America/Los_Angeles")
    mine = account(organization)
    # Two days in Greenwich, of which the first begins there when the last of February is half over.
    for number, at in enumerate((NOON - timedelta(hours=4), NOON - timedelta(hours=5))):
        attempt(organization, mine, number, at)
    bill(organization, mine, 0, 500, status="paid", paid_at=NOON)
    bill(organization, mine, 1, 500)
    recompute(organization.id)
    assert counted(organization) == {date(2026, 2, 28): 1, date(2026, 3, 1): 1}
    assert drifted(organization) == []
    for name in FAILURES:
        with tenant(organization.id):
            first = DailyFailures.objects.order_by("day")[:1]
            DailyFailures.objects.filter(day__in=first.values("day")).update(**{name: F(name) + 1})
    assert drifted(organization) == [("metrics_dailyfailures", name) for name in FAILURES]


def drifted(organization: Organization) -> list[tuple[str, str]]:
    run = audit(organization.id)
    assert run is not None
    return [(one["table"], one["column"]) for one in run.drift]


@pytest.mark.soak
def test_days_stay_what_a_build_counts_however_payments_go(organization: Organization) -> None:
    mine, dice, paid = account(organization), random.Random(11), {"status": "paid", "paid_at": NOON}
    recompute(organization.id)
    for step in range(sized(30, 2_000)):
        number, at = dice.randrange(5), NOON + timedelta(hours=dice.randrange(2_000), seconds=step)
        attempt(organization, mine, number, at, status=dice.choice(["failed", "failed", "succeeded"]))
        bill(organization, mine, number, dice.randrange(900), **dice.choice([{}, paid]))
        with tenant(organization.id):
            Charge.objects.filter(customer_id=f"cus_{dice.randrange(5)}").update(
                status=dice.choice(["failed", "succeeded"]), currency=dice.choice(["eur", "usd"])
            )
        recompute(organization.id, [(mine, f"cus_{one}") for one in range(5)])
    moved = summed(organization)
    with tenant(organization.id):
        refresh(organization.id, [mine], shown(organization.id).zone)
    assert moved == summed(organization) != {}


def test_days_of_an_account_that_left_are_forgotten(organization: Organization) -> None:
    mine = account(organization)
    attempt(organization, mine, 1, NOON)
    recompute(organization.id)
    with tenant(organization.id):
        refresh(organization.id, [], shown(organization.id).zone)
    assert counted(organization) == {}
