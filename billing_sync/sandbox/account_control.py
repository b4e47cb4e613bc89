"""What is done to an account and its keys from outside, as its owner might in the dashboard."""

from dataclasses import replace
from typing import Any

from .endpoints import ENDPOINTS
from .errors import ApiError, missing
from .exchange import Request
from .keys import PERMISSIONS, WEBHOOKS, Key
from .objects.json import Json
from .state import State
from .tampering import event_type, merged

# Items are parts of their subscription: whoever wants one otherwise alters that.
KINDS = {endpoint.kind for endpoint in ENDPOINTS.values()} - {"event", "subscription_item"}


def keys(state: State, request: Request) -> Any:
    """Withdraw permissions from a key, revoke it or let it expire; a key not known yet is made."""
    if request.method == "POST":
        told = request.told(("key", "without", "revoked", "expired"), '{"key": "rk_test_…", "without": []}')
        secret = told.get("key")
        if not isinstance(secret, str) or not secret:
            raise ApiError(400, "Give the `key` that is meant.", param="key")
        state.keys[secret] = _changed(state.keys.get(secret, Key(secret)), told)
    return {
        "keys": [
            {"key": key.secret, "without": sorted(key.lacks), "revoked": key.revoked, "expired": key.expired}
            for key in state.keys.values()
        ]
    }


def _changed(key: Key, told: dict[str, Any]) -> Key:
    if "without" in told:
        names = told["without"]
        for name in names if isinstance(names, list) else [names]:
            if name not in {*PERMISSIONS, *WEBHOOKS}:
                known = ", ".join([*PERMISSIONS, *sorted(WEBHOOKS)])
                raise ApiError(400, f"'{name}' is no permission; choose from {known}.", param="without")
        key = replace(key, lacks=frozenset(names))
    return replace(
        key,
        revoked=told.get("revoked", key.revoked) is True,
        expired=told.get("expired", key.expired) is True,
    )


def delete(state: State, request: Request) -> Any:
    """Make an object vanish from lists and retrieval; with `event` that is announced."""
    told = request.told(("kind", "id", "event"), '{"kind": "customer", "id": "cus_1", "event": false}')
    kind, identity, shown = _shown(state, told)
    event = event_type(kind, "deleted") if told.get("event") is True else None
    state.tampering.deleted.add(identity)
    if event is not None:
        state.emit(kind, event, identity, shown, shown)
    return {"id": identity, "deleted": True, "event": event}


def alter(state: State, request: Request) -> Any:
    """Show an object with some values changed from now on; with `event` that is announced."""
    example = '{"kind": "customer", "id": "cus_1", "changes": {"name": "New"}, "event": false}'
    told = request.told(("kind", "id", "changes", "event"), example)
    kind, identity, before = _shown(state, told)
    changes = told.get("changes")
    if not isinstance(changes, dict) or not changes:
        raise ApiError(400, f"Give the `changes`, such as {example}.", param="changes")
    event = event_type(kind, "updated") if told.get("event") is True else None
    after = merged(before, changes)
    state.tampering.alter(identity, changes)
    if event is not None:
        state.emit(kind, event, identity, before, after)
    return {"object": after, "event": event}


def _shown(state: State, told: dict[str, Any]) -> tuple[str, str, Json]:
    kind, identity = told.get("kind"), str(told.get("id"))
    if kind not in KINDS:
        raise ApiError(400, f"Give the `kind`, one of {', '.join(sorted(KINDS))}.", param="kind")
    record = state.company.book.get(kind, identity)
    if record is None or identity in state.tampering.deleted:
        raise missing(kind, identity)
    return kind, identity, state.view.shown(kind, identity, record, False)
