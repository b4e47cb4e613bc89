"""Who left by month and reason, counted one movement at a time."""

from collections import defaultdict
from datetime import date
from uuid import UUID

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
    found: dict[tuple[str, date, str], list[int]] = defaultdict(list)
    with tenant(organization_id):
        for one in current(Movement.objects.filter(kind="churn"), organization_id):
            key = one.currency, one.date.replace(day=1), " ".join(one.reasons)[:LONGEST]
            found[key].append(-one.amount_micro)
    return {key: (len(lost), sum(lost)) for key, lost in found.items()}
