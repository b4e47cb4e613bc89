"""Thin events: what happened to which object, without the object."""

from datetime import UTC, datetime

from .endpoints import ENDPOINTS
from .objects.json import Json

ADDRESSES = {endpoint.kind: name for name, endpoint in ENDPOINTS.items()}


def thin(shown: Json) -> Json:
    """Return the thin event beside a snapshot event."""
    related = shown["data"]["object"]
    kind = related["object"]
    at = datetime.fromtimestamp(shown["created"], UTC)
    return {
        "id": f"evt_test_6{shown['id'].removeprefix('evt_')}",
        "object": "v2.core.event",
        "context": shown.get("account"),
        "created": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "livemode": shown["livemode"],
        "reason": None,
        "related_object": {
            "id": related["id"],
            "type": kind,
            "url": f"/v1/{ADDRESSES.get(kind, f'{kind}s')}/{related['id']}",
        },
        "snapshot_event": shown["id"],
        "type": f"v1.{shown['type']}",
    }
