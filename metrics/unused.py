"""What could not be used: objects that the mirror set aside, and those that history set aside."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from billing_sync.models import SetAside
from metrics.models import UnusedFact

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Unused:
    """An object and why it is not used: the mirror's reason for one of a list, else history's rule."""

    connection_id: UUID
    object_id: str
    reason: str
    resource: str = ""
    customers: int = 0


@dataclass(frozen=True, slots=True)
class UnusedObjects:
    """The first of the objects that could not be used, and how many there are."""

    total: int
    first: list[Unused]


def unused_objects(organization_id: UUID, shown: int = SHOWN) -> UnusedObjects:
    """Return what could not be used, inside the organization's tenant; an object once for each reason."""
    unread = SetAside.objects.filter(organization_id=organization_id)
    facts = UnusedFact.objects.filter(organization_id=organization_id)
    told = facts.values("connection_id", "object_id", "rule").annotate(customers=Count("customer_id"))
    first = [
        Unused(connection_id, stripe_id, reason, resource)
        for connection_id, resource, stripe_id, reason in unread.order_by(
            "resource", "stripe_id", "connection_id"
        ).values_list("connection_id", "resource", "stripe_id", "reason")[:shown]
    ]
    first += [
        Unused(row["connection_id"], row["object_id"], row["rule"], customers=row["customers"])
        for row in told.order_by("rule", "object_id", "connection_id")[: shown - len(first)]
    ]
    total = len(first) if len(first) < shown else unread.count() + told.count()
    return UnusedObjects(total, first)
