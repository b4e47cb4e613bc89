"""What could not be mirrored: kept beside with its reason, shown, and forgotten once it can."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.pipeline import Road
from billing_sync.columns import LONGEST_ID, UnusableError
from billing_sync.mirror import upsert
from billing_sync.models import Connection
from billing_sync.payload import JsonObject, write_payload
from billing_sync.personal import event_without_personal, undescribed, without_personal
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS
from config.clock import now

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Unusable:
    """An object that cannot be mirrored, and why."""

    stripe_id: str
    reason: str
    value: JsonObject | None = None


def unusable_of(value: JsonObject, error: Exception) -> Unusable:
    """Return the object as one that cannot be mirrored, named by its id or, without one, by its content."""
    identity = value.get("id")
    if not isinstance(identity, str) or not identity or len(identity) > LONGEST_ID or "\x00" in identity:
        identity = f"sha256:{hashlib.sha256(repr(value).encode(errors='replace')).hexdigest()}"
    reason = str(error) if isinstance(error, UnusableError) else "It is nested too deeply."
    return Unusable(identity, reason, value)


def set_aside(connection: Connection, resource: Resource, unusable: Sequence[Unusable], road: Road) -> None:
    """Remember objects that cannot be used, each once."""
    seen_at = now()
    rows = {
        one.stripe_id: (
            resource.name,
            one.stripe_id,
            one.reason[:LONGEST_REASON],
            _payload_of(one, resource),
            seen_at,
        )
        for one in unusable
    }
    upsert.upsert_set_aside(connection, [rows[identity] for identity in sorted(rows)], road)


def no_longer(connection: Connection, resource: Resource, ids: Sequence[str], road: Road) -> None:
    """Forget what was wrong with objects that are mirrored now."""
    upsert.forget_set_aside(connection, resource, ids, road)


def _payload_of(one: Unusable, resource: Resource) -> bytes | None:
    if one.value is None:
        return None
    try:
        if resource is EVENTS:
            return write_payload(undescribed(event_without_personal(one.value)))
        return write_payload(undescribed(without_personal(one.value, resource.kind)))
    except RecursionError:
        return None
