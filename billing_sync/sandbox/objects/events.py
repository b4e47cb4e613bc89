"""Events: what changed, with the object after the change and what it held before."""

from collections.abc import Callable, Mapping
from typing import Any

from billing_sync.sandbox.records import Event

from .json import Json

API_VERSION = "2026-10-28.endive"


def event(record: Event, live: bool, builders: Mapping[str, Callable[[Any, bool], Json]]) -> Json:
    """Return an event; an update carries `previous_attributes`."""
    after = builders[record.kind](record.after, live)
    data: Json = {"object": after}
    if record.before is not None:
        data["previous_attributes"] = previous(builders[record.kind](record.before, live), after)
    return {
        "id": record.id,
        "object": "event",
        "api_version": API_VERSION,
        "created": record.created,
        "data": data,
        "livemode": live,
        "pending_webhooks": 0,
        "request": {"id": None, "idempotency_key": None},
        "type": record.type,
    }


def previous(before: Json, after: Json) -> Json:
    """Return the former values of what differs, nested objects reduced to their differences."""
    found: Json = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old.get("object") is None:
            found[key] = previous(old, new)
        else:
            found[key] = old
    return dict(sorted(found.items()))
