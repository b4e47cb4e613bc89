"""Process kept webhooks: each is a hint to fetch what it names, and is erased once that is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max, QuerySet

from accounts import jobs
from accounts.pipeline import Answer, Road
from accounts.tenancy import tenant, tenant_road, tenant_trip
from billing_sync import following, mirror
from billing_sync.access import stripe_of
from billing_sync.columns import at
from billing_sync.hints import Target, targets_of
from billing_sync.mirror import Sighting, Unusable
from billing_sync.models import Connection, WebhookDelivery
from billing_sync.payload import JsonObject, decode_object
from billing_sync.resources import EVENTS
from billing_sync.stripe_errors import StripeError
from billing_sync.trouble import key_trouble, wait_for
from billing_sync.webhooks.keeping import JOB
from billing_sync.webhooks.taking import Delivery, Done, Taken, erase, look, taken
from config.clock import now

AT_ONCE = 500
LONGEST_VERSION = 64
POLL = "poll_events"
BETWEEN_POLLS = timedelta(seconds=3)
READ = frozenset({Connection.State.LIVE, Connection.State.IMPORTING})


@dataclass(frozen=True, slots=True)
class Hint:
    """A kept webhook, understood: its event and what that names."""

    delivery: Delivery
    event: JsonObject
    targets: tuple[Target, ...]


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Process a batch of kept webhooks; when no more is left, let the poll log their events."""
    with tenant_trip(organization_id) as road:
        looked = look(organization_id, connection_id, AT_ONCE, road)
    batch = taken(looked)
    if batch is None:
        with tenant(organization_id):
            _of(organization_id, connection_id).delete()
        return jobs.DONE
    if batch.connection.state not in READ:
        return jobs.DONE
    if batch.waiting:
        return _fetched(batch)
    with tenant_road(organization_id) as road:
        more = _erased(batch, (), road)
    return _outcome(batch, more)


def _fetched(batch: Taken) -> jobs.Outcome:
    connection = batch.connection
    hints, senseless = _understood(connection, batch.waiting)
    if (ended := _ended(connection, hints)) is not None:
        return ended
    told = [] if batch.readable else [hint.event for hint in hints]
    try:
        with following.followed(connection, _targets(hints), told) as road:
            more = _processed(batch, hints, senseless, road)
    except StripeError as error:
        return jobs.DONE if key_trouble(connection, error) else wait_for(error)
    return _outcome(batch, more)


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
    connection: Connection, batch: Sequence[Delivery]
) -> tuple[list[Hint], list[tuple[Delivery, str]]]:
    hints, senseless = [], []
    for delivery in batch:
        try:
            event = decode_object(delivery.body)
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
        with tenant_road(connection.organization_id) as road:
            erase(connection, _done(told), road)
        return jobs.DONE
    return None


def _targets(hints: Sequence[Hint]) -> Iterator[Target]:
    for hint in hints:
        if not hint.delivery.applied:
            yield from hint.targets


def _logged(hint: Hint) -> Sighting:
    version = str(hint.event.get("api_version") or "")[:LONGEST_VERSION]
    received_at = hint.delivery.received_at
    return Sighting(hint.event, received_at, version, applied_at=received_at)


def _processed(
    batch: Taken, hints: Sequence[Hint], senseless: Sequence[tuple[Delivery, str]], road: Road
) -> Answer:
    connection = batch.connection
    if not batch.readable:
        road.travel()
        mirror.store_events(connection, [_logged(hint) for hint in hints if at(hint.event, "data.object")])
    unusable = [Unusable(delivery.event_id, f"Posted by webhook: {why}") for delivery, why in senseless]
    if unusable:
        road.travel()
        mirror.store_found(connection, [(EVENTS, one) for one in unusable], road)
    done = [*_done(hints), *(Done(delivery.id, False, why) for delivery, why in senseless)]
    return _erased(batch, done, road)


def _done(hints: Sequence[Hint]) -> Sequence[Done]:
    return [Done(hint.delivery.id, bool(hint.targets)) for hint in hints]


def _erased(batch: Taken, done: Sequence[Done], road: Road) -> Answer:
    """Erase what is done; with what may be the last, ask for the poll or tell how far events reach."""
    more = erase(batch.connection, done, road)
    if not batch.readable:
        road.travel()
        if not _is_true(more):
            _reach(batch.connection)
    elif len(batch.waiting) < AT_ONCE:
        _ask_for_poll(batch, road)
    return more


def _ask_for_poll(batch: Taken, road: Road) -> None:
    # With the next sweep, in a flood every few seconds: nothing waits for the log, so nobody is woken.
    connection = batch.connection
    rested_at = batch.polled_at + BETWEEN_POLLS if batch.polled_at else now()
    jobs.enqueue_by(road, connection.organization_id, POLL, str(connection.id), at=rested_at)


def _outcome(batch: Taken, more: Answer) -> jobs.Outcome:
    # After a full batch nobody is asked to poll: whether it was the last shows with the next.
    return jobs.MORE if _is_true(more) or len(batch.waiting) == AT_ONCE else jobs.DONE


def _is_true(answer: Answer) -> bool:
    return answer.fetchone() == (True,)


def _reach(connection: Connection) -> None:
    """Tell how far events reach where no poll does: what has come has been fetched."""
    processed = _of(connection.organization_id, connection.id).filter(processed_at__isnull=False)
    newest = processed.aggregate(newest=Max("received_at"))["newest"]
    if newest is not None:
        following.reach(connection, newest)
    following.conclude(connection)
