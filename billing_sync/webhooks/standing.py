"""How the webhooks of an organization's connections stand, for people to see."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from billing_sync.models import Connection, WebhookDelivery, WebhookEndpoint
from billing_sync.webhooks.endpoints import AT_WORK, address
from config.clock import now

State, MadeBy = WebhookEndpoint.State, WebhookEndpoint.MadeBy
FOLLOWED = frozenset({Connection.State.LIVE, Connection.State.IMPORTING})


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection's endpoint: whether it takes anything, what came last, what waits.

    `moved_from` is the address of another BASE_URL, to which Stripe still posts.
    """

    state: str = ""
    state_label: str = ""
    listens: bool = False
    by_hand: bool = False
    by_platform: bool = False
    moved_from: str = ""
    received_at: datetime | None = None
    previous_until: datetime | None = None
    waiting: int = 0
    error: str = ""

    @property
    def at_work(self) -> bool:
        """Say whether a job is about to change it."""
        return self.state in AT_WORK


def standings(organization_id: UUID) -> dict[UUID, Standing]:
    """Return how webhooks stand for each connection that is followed, inside the tenant."""
    followed = Connection.objects.filter(organization_id=organization_id, state__in=FOLLOWED)
    ids = list(followed.exclude(kind=Connection.Kind.ARCHIVE).values_list("id", flat=True))
    endpoints = WebhookEndpoint.objects.filter(organization_id=organization_id)
    known = {one.connection_id: one for one in endpoints}
    counted = WebhookDelivery.objects.filter(organization_id=organization_id, processed_at=None)
    waiting = dict(counted.values_list("connection_id").annotate(count=Count("*")) if known else ())
    return {one: _standing(known.get(one), waiting.get(one, 0)) for one in ids}


def _standing(endpoint: WebhookEndpoint | None, waiting: int) -> Standing:
    if endpoint is None:
        return Standing()
    overlaps = endpoint.previous_until is not None and endpoint.previous_until > now()
    by_platform = endpoint.made_by == MadeBy.PLATFORM
    return Standing(
        state=endpoint.state,
        state_label=str(State(endpoint.state).label),
        listens=bool(endpoint.secret_encrypted) or by_platform,
        by_platform=by_platform,
        by_hand=endpoint.made_by == MadeBy.HAND,
        moved_from="" if by_platform or endpoint.url == address(endpoint.connection_id) else endpoint.url,
        received_at=endpoint.received_at,
        previous_until=endpoint.previous_until if overlaps else None,
        waiting=waiting,
        error=endpoint.error,
    )
