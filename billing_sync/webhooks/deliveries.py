"""Process kept webhooks: each is a hint to fetch what it names, and is erased once that is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet

from accounts import jobs
from accounts.tenancy import tenant
from billing_sync import following, mirror
from billing_sync.access import stripe_of
from billing_sync.columns import at
from billing_sync.hints import Target, readable, targets_of
from billing_sync.mirror import Sighting, Unusable
from billing_sync.models import Connection, Event, SyncCursor, WebhookDelivery
from billing_sync.pages import POLL as POLLED
from billing_sync.payload import JsonObject, decode_object
from billing_sync.resources import EVENTS
from billing_sync.stripe_errors import StripeError
from billing_sync.trouble import key_trouble, wait_for
from billing_sync.webhooks.keeping import JOB
from config.clock import now

AT_ONCE = 500
# Stripe posts an event again for three days; its id must be known for longer.
KEPT_FOR = timedelta(days=7)
LONGEST_VERSION = 64
POLL = "poll_events"
BETWEEN_POLLS = timedelta(seconds=3)
READ = frozenset({Connection.State.LIVE, Connection.State.IMPORTING})


@dataclass(frozen=True, slots=True)
class Hint:
    """A kept webhook, understood: its event and what that names."""

    delivery: WebhookDelivery
    event: JsonObject
    targets: tuple[Target, ...]


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Process a batch of kept webhooks; when none is left, let the poll log their events."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
        if connection is None:
            _of(organization_id, connection_id).delete()
            return jobs.DONE
        if connection.state not in READ:
            return jobs.DONE
        batch = list(waiting(connection)[:AT_ONCE])
        if not batch:
            _conclude(connection)
            return jobs.DONE
        hints, senseless = _understood(connection, batch)
        applied = _applied(connection, hints)
        logs = not readable(connection)
    if (ended := _ended(connection, hints)) is not None:
        return ended
    told = [hint.event for hint in hints] if logs else []
    try:
        following.follow(connection, _targets(hints, applied), told)
    except StripeError as error:
        return jobs.DONE if key_trouble(connection, error) else wait_for(error)
    with tenant(organization_id):
        if logs:
            mirror.store_events(
                connection, [_logged(hint) for hint in hints if at(hint.event, "data.object")]
            )
        _processed(connection, hints)
        _put_aside(connection, senseless)
    return jobs.MORE


def waiting(connection: Connection) -> QuerySet[WebhookDelivery]:
    """Return the webhooks of a connection that are still to be processed, oldest first."""
    found = _of(connection.organization_id, connection.id)
    return found.filter(processed_at=None).order_by("received_at", "event_id")


def ask(connection: Connection) -> None:
    """Ask for the processing of what waits, should nobody have: the process that took it may have died."""
    if waiting(connection).exists():
        jobs.enqueue(connection.organization_id, JOB, str(connection.id))


def _of(organization_id: UUID, connection_id: UUID) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(organization_id=organization_id, connection_id=connection_id)


def _understood(
    connection: Connection, batch: Sequence[WebhookDelivery]
) -> tuple[list[Hint], list[tuple[WebhookDelivery, str]]]:
    hints, senseless = [], []
    for delivery in batch:
        try:
            event = decode_object(bytes(delivery.body))
            _refuse_senseless(connection, event)
            hints.append(Hint(delivery, event, tuple(targets_of(event))))
        except ValueError as error:
            senseless.append((delivery, str(error)))
    return hints, senseless


def _refuse_senseless(connection: Connection, event: JsonObject) -> None:
    if not isinstance(event.get("id"), str):
        raise ValueError("It has no id.")
    if not isinstance(at(event, "data.object") or event.get("related_object"), dict):
        raise ValueError("It names no object.")
    mode = event.get("livemode")
    if isinstance(mode, bool) and connection.livemode is not None and mode != connection.livemode:
        raise ValueError("It belongs to the other mode of the account.")


def _deauthorizes(connection: Connection, event: JsonObject) -> bool:
    """Say whether this event is the end of our access by Stripe Connect."""
    return (
        connection.kind == Connection.Kind.OAUTH
        and event.get("type") == "account.application.deauthorized"
        and at(event, "data.object.id") == settings.STRIPE_CLIENT_ID
    )


def _ended(connection: Connection, hints: Sequence[Hint]) -> jobs.Outcome | None:
    """Ask Stripe whether our access has ended, if a hint says so; None to go on.

    The news may be old: the owner may have given the access back since.
    """
    told = [hint for hint in hints if _deauthorizes(connection, hint.event)]
    if not told:
        return None
    try:
        stripe_of(connection).retrieve("/v1/account")
    except StripeError as error:
        if not key_trouble(connection, error):
            return wait_for(error)
        with tenant(connection.organization_id):
            _processed(connection, told)
        return jobs.DONE
    return None


def _applied(connection: Connection, hints: Sequence[Hint]) -> set[str]:
    """Return the events whose objects the poll has fetched already."""
    logged = Event.objects.filter(
        organization_id=connection.organization_id,
        connection_id=connection.id,
        stripe_id__in=[hint.delivery.event_id for hint in hints],
        applied_at__isnull=False,
    )
    return set(logged.values_list("stripe_id", flat=True))


def _targets(hints: Sequence[Hint], applied: set[str]) -> Iterator[Target]:
    for hint in hints:
        if hint.delivery.event_id not in applied:
            yield from hint.targets


def _logged(hint: Hint) -> Sighting:
    version = str(hint.event.get("api_version") or "")[:LONGEST_VERSION]
    received_at = hint.delivery.received_at
    return Sighting(hint.event, received_at, version, applied_at=received_at)


def _processed(connection: Connection, hints: Sequence[Hint]) -> None:
    """Erase the bodies: they hold personal data. What stays says that they came and were fetched."""
    for fetched in (True, False):
        ids = [hint.delivery.id for hint in hints if bool(hint.targets) is fetched]
        _of(connection.organization_id, connection.id).filter(id__in=ids).update(
            processed_at=now(), fetched=fetched, body=b""
        )


def _put_aside(connection: Connection, senseless: Sequence[tuple[WebhookDelivery, str]]) -> None:
    unusable = [Unusable(delivery.event_id, f"Posted by webhook: {why}") for delivery, why in senseless]
    if unusable:
        mirror.store_found(connection, [(EVENTS, one) for one in unusable])
    for delivery, why in senseless:
        _of(connection.organization_id, connection.id).filter(id=delivery.id).update(
            processed_at=now(), body=b"", error=why
        )


def _conclude(connection: Connection) -> None:
    _of(connection.organization_id, connection.id).filter(processed_at__lt=now() - KEPT_FOR).delete()
    if not readable(connection):
        # No poll tells how far events reach: what has come has been fetched.
        processed = _of(connection.organization_id, connection.id).filter(processed_at__isnull=False)
        newest = processed.aggregate(newest=Max("received_at"))["newest"]
        if newest is not None:
            following.reach(connection, newest)
        following.conclude(connection)
        return
    jobs.enqueue(connection.organization_id, POLL, str(connection.id), at=_next_poll(connection))


def _next_poll(connection: Connection) -> datetime | None:
    """Return when the poll is to log what came: now, in a flood every few seconds."""
    cursor = SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, resource=POLLED
    )
    last = cursor.values_list("started_at", flat=True).first()
    rested_at = last + BETWEEN_POLLS if last else None
    return rested_at if rested_at and now() < rested_at else None
