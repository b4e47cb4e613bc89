"""A company in which each diagnosis occurs, and payments fail, come in and go back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.core.cache import cache
from django.db import connections

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Charge, Invoice, InvoicePayment, PaymentMethod, Refund
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.stories import STORIES
from config.clock import set_now
from metrics.build.recompute import recompute
from metrics.cohorts.counting import count
from metrics.exposure.looking import look_to_the_end
from tests import database
from tests.cast import Person, make_organization, member
from tests.metrics.conftest import NOW
from tests.metrics.exposure.company import a_while, company, leave
from tests.metrics.seeding import Mirror, mirrored

# Who fails, pays later, is given money back or leaves in October and November.
PAYING = (
    ("card_recovers", 65),
    ("card_recovers", 70),
    ("card_fails_for_good", 95),
    ("partly_refunded", 100),
    ("refunded_and_stays", 90),
    ("refunded_and_gone", 95),
    ("disputed", 95),
)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """The organization, its owner, and somebody who may only read."""

    id: UUID
    owner: Person
    viewer: Person
    mirror: Mirror


@contextmanager
def at_risk(lived: Company | None = None) -> Iterator[AtRisk]:
    """Give the organization for the block, over another company if asked, and an empty database after it."""
    with set_now(NOW):
        organization = make_organization("acme")
        more = [*((STORIES[name], days) for name, days in PAYING), (a_while(leave, days=40), 75)]
        mirror = mirrored(organization, lived or company(NOW, more))
        with tenant(organization.id):
            _pay(organization, mirror)
        recompute(organization.id)
        look_to_the_end(organization.id)
        assert count(organization.id)
        yield AtRisk(
            organization.id,
            member("owner@acme.example", organization, Role.OWNER),
            member("viewer@acme.example", organization, Role.VIEWER),
            mirror,
        )
    for connection in connections.all(initialized_only=True):
        connection.close()
    database.empty_database()
    cache.clear()


def _pay(organization: Organization, mirror: Mirror) -> None:
    """Store what the company knows of payments, with the columns that pages read."""
    ours = {"organization_id": organization.id, "connection_id": mirror.connection_id}
    plain = {**ours, "payload": b"", "api_version": "", "fetched_at": NOW}
    book = mirror.company.book
    for one in book.all("charge"):
        Charge.objects.create(
            **plain,
            stripe_id=one.id,
            created_at=datetime.fromtimestamp(one.created, UTC),
            customer_id=one.customer,
            payment_intent_id=one.intent,
            status="failed" if one.failure else "succeeded",
            currency=one.currency,
            amount_minor=one.amount,
        )
    for one in book.all("payment_intent"):
        InvoicePayment.objects.filter(stripe_id=one.payment_id).update(payment_id=one.id)
    for one in book.all("invoice"):
        paid = datetime.fromtimestamp(one.paid_at, UTC) if one.paid_at else None
        amounts = {"status": one.status, "total_minor": one.total, "paid_at": paid}
        Invoice.objects.filter(stripe_id=one.id).update(**amounts)
    for one in book.all("refund"):
        amounts = {"status": "succeeded", "amount_minor": one.amount, "charge_id": one.charge}
        Refund.objects.filter(stripe_id=one.id).update(**amounts)
    old = mirror.company.lives[7].customer
    PaymentMethod.objects.create(
        **plain, stripe_id=old.payment_method, customer_id=old.id, exp_year=2026, exp_month=12
    )
