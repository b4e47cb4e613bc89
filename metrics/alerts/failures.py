"""Failed payments: the day on which each invoice first could not be collected."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Min, OuterRef, QuerySet, Subquery, When

from billing_sync.models import Charge, InvoicePayment
from metrics.core.intervals import day_start, local_day
from metrics.queries import Shown

# Stripe retries a payment for at most two months: an older first failure has no attempt in view.
RETRIES = timedelta(days=62)
NEEDED = ("charges", "invoice_payments")


@dataclass(frozen=True, slots=True)
class Failure:
    """An invoice and the local day on which it first could not be collected."""

    on: date
    connection_id: UUID
    invoice_id: str


def first_failures(shown: Shown, currency: str, start: date, end: date) -> list[Failure]:
    """Return the first failed attempts in `[start, end)`, one for an invoice, oldest first."""
    since, until = (datetime.fromtimestamp(day_start(day, shown.zone), UTC) for day in (start, end))
    found = _failed_invoices(shown.organization_id, shown.connection_ids, currency)
    attempts = found.filter(created_at__gte=since - RETRIES, created_at__lt=until)
    firsts = attempts.values("connection_id", "invoice_id").annotate(first=Min("created_at"))
    told = firsts.filter(first__gte=since).order_by("first", "invoice_id")
    return [
        Failure(local_day(int(one["first"].timestamp()), shown.zone), one["connection_id"], one["invoice_id"])
        for one in told
    ]


def _failed_invoices(organization_id: UUID, connection_ids: Iterable[UUID], currency: str) -> QuerySet[Any]:
    """Return the failed charges of invoices, each with the invoice that its payment settles."""
    payments = InvoicePayment.objects.filter(
        organization_id=organization_id,
        connection_id=OuterRef("connection_id"),
        payment_id=OuterRef("payment_id"),
    )
    failed = Charge.objects.filter(
        organization_id=organization_id,
        connection_id__in=connection_ids,
        status="failed",
        currency=currency,
    )
    paying = Case(When(payment_intent_id="", then=F("stripe_id")), default=F("payment_intent_id"))
    tied = failed.annotate(payment_id=paying)
    return tied.annotate(invoice_id=Subquery(payments.values("invoice_id")[:1])).exclude(invoice_id=None)
