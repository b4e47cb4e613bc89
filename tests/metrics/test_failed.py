"""Invoices that first failed: moved payer by payer they are what a whole build counts."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Charge, Connection, InvoicePayment
from metrics.build.failed import refresh
from metrics.build.recompute import recompute
from metrics.models import DailyFailures, FailedInvoice
from metrics.queries import shown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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
    facts = {"organization": organization, "connection_id": account, "payload": b"", "fetched_at": NOON}
    facts |= {"api_version": "", "created_at": at}
    charge = {"status": "failed", "currency": "eur", "payment_intent_id": f"pi_{number}"}
    with tenant(organization.id):
        Charge.objects.create(
            **facts, **{**charge, **changed}, stripe_id=f"ch_{at:%m%d}_{number}", customer_id=f"cus_{number}"
        )
        InvoicePayment.objects.get_or_create(
            organization=organization,
            connection_id=account,
            stripe_id=f"inpay_{number}",
            defaults={**facts, "payment_id": f"pi_{number}", "invoice_id": f"in_{number}"},
        )


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
    recompute(organization.id, [(mine, f"cus_{number}") for number in range(5)])
    moved = counted(organization)
    with tenant(organization.id):
        FailedInvoice.objects.all().delete()
        refresh(organization.id, [mine], shown(organization.id).zone)
    assert moved == counted(organization)
    assert moved == {date(2026, 2, 27): 1, date(2026, 3, 1): 1, date(2026, 3, 2): 1}


def test_days_of_an_account_that_left_are_forgotten(organization: Organization) -> None:
    mine = account(organization)
    attempt(organization, mine, 1, NOON)
    recompute(organization.id)
    with tenant(organization.id):
        refresh(organization.id, [], shown(organization.id).zone)
    assert counted(organization) == {}
