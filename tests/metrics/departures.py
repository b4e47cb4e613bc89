"""Who left by month and reason, counted from the movements."""

from collections import Counter
from datetime import date
from uuid import UUID

from django.db.models import Count, Sum

from accounts.tenancy import tenant
from metrics.models import MonthlyDepartures, Movement
from metrics.payments.models import LONGEST
from metrics.queries import current

Left = dict[tuple[str, date, str], tuple[int, int]]


def stored(organization_id: UUID) -> Left:
    """Return what the table of the build on show holds."""
    with tenant(organization_id):
        rows = current(MonthlyDepartures.objects.all(), organization_id)
        return {(one.currency, one.month, one.why): (one.customers, int(one.lost_micro)) for one in rows}


def plainly(organization_id: UUID) -> Left:
    """Return the same of the movements of the build on show."""
    customers, lost = Counter[tuple[str, date, str]](), Counter[tuple[str, date, str]]()
    with tenant(organization_id):
        left = current(Movement.objects.filter(kind="churn"), organization_id).order_by()
        rows = left.values_list("currency", "date", "reasons").annotate(
            many=Count("*"), lost=Sum("amount_micro")
        )
        for currency, day, reasons, count, amount in rows:
            key = currency, day.replace(day=1), " ".join(reasons)[:LONGEST]
            customers[key] += count
            lost[key] -= amount
    return {key: (count, int(lost[key])) for key, count in customers.items()}
