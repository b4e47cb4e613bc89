"""Movements day by day and payments that failed, written straight into an organization's tables."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Charge, InvoicePayment
from metrics import queries
from metrics.build.failed import refresh
from metrics.flows import FLOWS, SQUARES
from metrics.models import CurrentBuild, DailyRevenue, MonthlyRevenue, Movement
from metrics.periods import month_of

UNIT = 100_000_000
COUNTED = {
    "new": "customers_new",
    "expansion": "customers_expanded",
    "reactivation": "customers_reactivated",
    "contraction": "customers_contracted",
    "churn": "customers_churned",
}
LOSSES = ("contraction", "churn")
Moved = tuple[date, str, int]


def moved(organization: Organization, key: dict[str, Any], currency: str, moves: Iterable[Moved]) -> None:
    """Write movements of (day, kind, major units), each of a customer of its own, and the sums of their days.

    The months are summed too, but for those that have sums of their own.
    """
    days: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FLOWS + SQUARES, 0))
    months: dict[date, dict[str, int]] = defaultdict(lambda: dict.fromkeys(FLOWS, 0))
    with tenant(organization.id):
        for number, (on, kind, amount) in enumerate(moves):
            sign = -1 if kind in LOSSES else 1
            Movement.objects.create(
                **key,
                connection_id=UUID(int=1),
                customer_id=f"cus_{currency}_{number}",
                date=on,
                currency=currency,
                kind=kind,
                amount_micro=sign * amount * UNIT,
                after_micro=0,
                reasons=[],
                subscription_ids=[],
                legs=[],
            )
            days[on][f"{kind}_micro"] += amount * UNIT
            days[on][f"{kind}_squares"] += (amount * UNIT) ** 2
            days[on][COUNTED[kind]] += 1
        for day, flows in days.items():
            DailyRevenue.objects.create(**key, currency=currency, day=day, **flows)
            for name in FLOWS:
                months[month_of(day)][name] += flows[name]
        MonthlyRevenue.objects.bulk_create(
            [MonthlyRevenue(**key, currency=currency, month=month, **sums) for month, sums in months.items()],
            ignore_conflicts=True,
        )


def failed(
    organization: Organization, connection_id: UUID, invoice: str, *days: date, currency: str = "eur"
) -> None:
    """Write an invoice's payment and an attempt that failed at noon of each day."""
    with tenant(organization.id):
        key = {"organization": organization, "connection_id": connection_id, "payload": b""}
        facts = {**key, "api_version": "", "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
        InvoicePayment.objects.create(
            **facts, stripe_id=f"inpay_{invoice}", invoice_id=invoice, payment_id=f"pi_{invoice}"
        )
        for number, day in enumerate(days):
            Charge.objects.create(
                **facts,
                stripe_id=f"ch_{invoice}_{number}",
                payment_intent_id=f"pi_{invoice}",
                status="failed",
                currency=currency,
                created_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            )
        _count(organization)


def summed(organization: Organization, connection_id: UUID) -> None:
    """Say that the build on show sums the connection."""
    with tenant(organization.id):
        CurrentBuild.objects.filter(organization=organization).update(connection_ids=[connection_id])
        _count(organization)


def _count(organization: Organization) -> None:
    """Count failed payments as a build of the accounts on show does."""
    shown = queries.shown(organization.id)
    refresh(organization.id, shown.connection_ids, shown.zone)
