"""What a build may sum: the accounts whose first import has ended, all of one mode."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from accounts.pipeline import ask
from billing_sync.models import Connection
from billing_sync.overlap import Account as Imported
from billing_sync.overlap import superseded

LOCK = "SELECT pg_advisory_lock{how}(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock{how}(hashtextextended(%s, 0))"
# As `beside_others`, until the transaction in progress ends.
BESIDE_BUILDS = "pg_advisory_xact_lock_shared(hashtextextended(%(build_lock)s, 0))"


@dataclass(frozen=True, slots=True)
class Sources:
    """The connections to sum, how far their data reach, and whether a first import still runs."""

    connection_ids: tuple[UUID, ...]
    data_through: datetime | None
    importing: bool


class Account(Imported, Protocol):
    """A connection as far as summing asks."""

    @property
    def state(self) -> str: ...
    @property
    def livemode(self) -> bool | None: ...
    @property
    def data_through(self) -> datetime | None: ...


def sources(organization_id: UUID) -> Sources:
    """Return what counts now."""
    return summed(list(Connection.objects.filter(organization_id=organization_id).order_by("id")))


def summed(rows: Sequence[Account]) -> Sources:
    """Return what counts of them: live accounts where there is one, else test accounts, never both.

    An archive of an account that counts itself is left out.
    """
    ready = [row for row in rows if row.imported_at is not None]
    live, twice = any(row.livemode for row in ready), superseded(ready)
    counted = [row for row in ready if row.livemode in (live, None) and row.id not in twice]
    # A disconnected account is past: it dates the numbers only where no other is followed.
    followed = [row for row in counted if row.state != Connection.State.DISCONNECTED]
    return Sources(
        tuple(row.id for row in counted),
        min((row.data_through for row in followed or counted if row.data_through), default=None),
        any(row.imported_at is None and row.state == Connection.State.IMPORTING for row in rows),
    )


def build_lock(organization_id: UUID) -> str:
    """Return the name of the organization's build lock."""
    return f"metrics.build {organization_id}"


@contextmanager
def alone(organization_id: UUID) -> Iterator[None]:
    """Hold the organization's build lock for the block, waiting for whoever has or shares it."""
    with _locked(organization_id, ""):
        yield


@contextmanager
def beside_others(organization_id: UUID) -> Iterator[None]:
    """Share the organization's build lock for the block: no build begins or is shown meanwhile."""
    with _locked(organization_id, "_shared"):
        yield


@contextmanager
def _locked(organization_id: UUID, how: str) -> Iterator[None]:
    name = build_lock(organization_id)
    ask(LOCK.format(how=how), [name])
    try:
        yield
    finally:
        ask(UNLOCK.format(how=how), [name])
