"""Which road brings an organization's numbers up to date: some payers, all again, or all anew."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from uuid import UUID

from accounts.tenancy import tenant
from billing_sync.models import DirtyCustomer
from metrics import definitions
from metrics.build.increment import increment
from metrics.build.marks import next_due
from metrics.build.rebuild import EDITION, rebuild
from metrics.build.sources import alone, sources
from metrics.models import CurrentBuild

# From here on computing everyone again is cheaper than moving sums payer by payer.
MANY = 5_000


class Road(Enum):
    WAIT = "wait"
    MIRROR = "mirror"
    HISTORY = "history"
    INCREMENT = "increment"


def recompute(organization_id: UUID, customers: Iterable[tuple[UUID, str]] | None = None) -> None:
    """Compute everyone again from the mirror, or some (connection, customer) in place; no Stripe call."""
    with alone(organization_id):
        if customers is None:
            rebuild(organization_id)
            return
        with tenant(organization_id):
            mark(organization_id, customers)
        _to_the_end(organization_id)


def catch_up(organization_id: UUID) -> None:
    """Do everything that is due, waiting for whoever computes at present."""
    with alone(organization_id):
        _to_the_end(organization_id)


def _to_the_end(organization_id: UUID) -> None:
    while advance(organization_id):
        pass


def mark(organization_id: UUID, customers: Iterable[tuple[UUID, str]]) -> None:
    """Mark payers to be computed again, as the mirror does."""
    DirtyCustomer.objects.bulk_create(
        [
            DirtyCustomer(organization_id=organization_id, connection_id=connection_id, customer_id=name)
            for connection_id, name in customers
        ],
        update_conflicts=True,
        unique_fields=["organization_id", "connection_id", "customer_id"],
        update_fields=["marked"],
    )


def advance(organization_id: UUID) -> bool:
    """Do one piece of what is due; say whether more is. The caller holds the build lock."""
    road = which(organization_id)
    if road is Road.INCREMENT:
        return increment(organization_id)
    if road is Road.WAIT:
        return False
    rebuild(organization_id, from_history=road is Road.HISTORY)
    with tenant(organization_id):
        return DirtyCustomer.objects.filter(organization_id=organization_id).exists()


def which(organization_id: UUID) -> Road:
    """Return what an organization's numbers need."""
    with tenant(organization_id):
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        summed = sources(organization_id)
        if pointer is None:
            return Road.WAIT if summed.importing and not summed.connection_ids else Road.MIRROR
        if pointer.edition != EDITION or set(pointer.connection_ids) != set(summed.connection_ids):
            return Road.MIRROR
        if pointer.definition_version != definitions.latest(organization_id).version:
            return Road.HISTORY
        marks = DirtyCustomer.objects.filter(organization_id=organization_id)[:MANY].count()
        return Road.MIRROR if marks == MANY else Road.INCREMENT


def wake_at(organization_id: UUID) -> datetime | None:
    """Return when the numbers next change by date alone."""
    with tenant(organization_id):
        return next_due(organization_id)
