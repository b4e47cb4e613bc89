"""How an organization's connections stand, each in one word: one statement for all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, TextChoices
from django.utils.translation import gettext_lazy as _

from billing_sync.models import Connection, SetAside, SyncCursor
from billing_sync.progress import ConnectionProgress
from billing_sync.resources import EVENTS
from billing_sync.stripe_errors import FEWER_REQUESTS
from config.clock import now

STALE_AFTER = timedelta(hours=1)
# Without events only a night's comparison can be waited for.
STALE_WITHOUT_EVENTS_AFTER = timedelta(hours=30)
State = Connection.State


class Health(TextChoices):
    """What a person should know of a connection, worst first."""

    REVOKED = "revoked", _("Access revoked")
    REFUSED = "refused", _("Key refused")
    RATE_LIMITED = "rate_limited", _("Rate-limited")
    STALE = "stale", _("Stale")
    CHECKING = "checking", _("Checking the key")
    IMPORTING = "importing", _("Importing")
    PARTIAL = "partial", _("Partial")
    DISCONNECTED = "disconnected", _("Disconnected")
    FRESH = "fresh", _("Up to date")


BY_STATE = {
    State.REVOKED: Health.REVOKED,
    State.REFUSED: Health.REFUSED,
    State.CHECKING: Health.CHECKING,
    State.IMPORTING: Health.IMPORTING,
    State.DISCONNECTED: Health.DISCONNECTED,
    State.DELETING: Health.DISCONNECTED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection: its name, how it stands, until when everything has been read, and whether by events."""

    connection_id: UUID
    name: str
    health: Health
    data_through: datetime | None
    events_read: bool = True


def standings(organization_id: UUID) -> list[Standing]:
    """Return how each connection stands, oldest first, inside the tenant."""
    ours = {"organization_id": organization_id, "connection_id": OuterRef("id")}
    cursors = SyncCursor.objects.filter(**ours)
    found = Connection.objects.filter(organization_id=organization_id).exclude(kind=Connection.Kind.ARCHIVE)
    rows = found.order_by("created_at", "id").annotate(
        limited=Exists(cursors.filter(error=str(FEWER_REQUESTS))),
        lacking=Exists(cursors.filter(state=SyncCursor.State.UNAVAILABLE)),
        deaf=Exists(cursors.filter(state=SyncCursor.State.UNAVAILABLE, resource=EVENTS.name)),
        aside=Exists(SetAside.objects.filter(**ours)),
    )
    return [
        Standing(
            row.id,
            row.account_name or row.account_id,
            _health(
                row.state,
                row.data_through,
                limited=row.limited,
                partial=row.lacking or row.aside,
                patience=patience(events_read=not row.deaf),
            ),
            row.data_through,
            not row.deaf,
        )
        for row in rows
    ]


def standing_of(one: ConnectionProgress) -> Standing:
    """Return how a connection stands whose progress is known already."""
    partial = one.set_aside > 0 or any(
        resource.state == SyncCursor.State.UNAVAILABLE for resource in one.resources
    )
    health = _health(
        one.state,
        one.data_through,
        limited=one.rate_limited,
        partial=partial,
        patience=patience(events_read=one.events_read),
    )
    return Standing(one.id, one.name, health, one.data_through, one.events_read)


def worst(found: list[Standing]) -> Health:
    """Return the gravest state; an account that was left says nothing beside one that is followed."""
    followed = [one.health for one in found if one.health != Health.DISCONNECTED]
    return min(followed, key=list(Health).index, default=Health.DISCONNECTED if found else Health.FRESH)


def data_through(found: list[Standing]) -> datetime | None:
    """Return until when every account that is followed has been read, or else those that were left."""
    followed = [one for one in found if one.health != Health.DISCONNECTED]
    return min((one.data_through for one in followed or found if one.data_through), default=None)


def patience(*, events_read: bool) -> timedelta:
    """Return for how long an account may tell nothing new; without events, until its next comparison."""
    return STALE_AFTER if events_read else STALE_WITHOUT_EVENTS_AFTER


def _health(
    state: str, through: datetime | None, *, limited: bool, partial: bool, patience: timedelta
) -> Health:
    health = BY_STATE.get(State(state), Health.FRESH)
    if limited and health in (Health.FRESH, Health.IMPORTING):
        return Health.RATE_LIMITED
    if health != Health.FRESH:
        return health
    if through is not None and now() - through >= patience:
        return Health.STALE
    return Health.PARTIAL if partial else Health.FRESH
