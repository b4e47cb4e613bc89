"""Answers to /v1/webhook_endpoints."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from .errors import ApiError, missing, unrecognized
from .exchange import Request
from .forms import check_names, flag, mapped, one, required, several
from .keys import Key, permit
from .listing import Values, read, slice_of
from .objects.json import Json
from .state import State
from .webhooks import MOST, WebhookEndpoint, webhook_endpoint

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
EVENT = re.compile(r"\*|[a-z_]+(\.[a-z_]+)+")
BOTH = ("description", "enabled_events", "expand", "metadata", "url")


def answer(state: State, key: Key, request: Request, path: str) -> Json:
    """Answer a request to the endpoints of the key's mode."""
    parts = path.strip("/").split("/")
    need = "rak_webhook_read" if request.method == "GET" else "rak_webhook_write"
    permit(key, [need], state.company.account.id)
    action = ACTIONS.get((request.method, len(parts)))
    if action is None:
        raise unrecognized(request.method, f"/v1/{path}")
    asked = (key.secret, request.path, request.idempotency_key)
    if not request.idempotency_key:
        return action(state, key, request, parts)
    if asked not in state.answered:
        state.answered[asked] = action(state, key, request, parts)
    return state.answered[asked]


def _owns(key: Key, endpoint: WebhookEndpoint) -> bool:
    return (endpoint.live, endpoint.connect) == (key.live, key.platform)


def _found(state: State, key: Key, parts: Sequence[str]) -> WebhookEndpoint:
    endpoint = state.webhooks.get(parts[1])
    if endpoint is None or not _owns(key, endpoint):
        raise missing("webhook_endpoint", parts[1])
    return endpoint


def _one(state: State, key: Key, request: Request, parts: Sequence[str]) -> Json:
    return webhook_endpoint(_found(state, key, parts))


def _list(state: State, key: Key, request: Request, parts: Sequence[str]) -> Json:
    mine = [one for one in state.webhooks if _owns(key, one)][::-1]
    shown, more = slice_of(mine, read(request.values, (), ()))
    data = [webhook_endpoint(one) for one in shown]
    return {"object": "list", "data": data, "has_more": more, "url": "/v1/webhook_endpoints"}


def _create(state: State, key: Key, request: Request, parts: Sequence[str]) -> Json:
    form = request.form
    check_names(form, {*BOTH, "api_version", "connect"})
    url = one(form, "url")
    if not url:
        raise required("url")
    details = _details(form)
    if "enabled_events" not in details:
        raise required("enabled_events")
    connect = bool(flag(form, "connect"))
    if connect != key.platform:
        raise ApiError(400, "connect=true is for platforms, and the sandbox's has no events of its own.")
    if sum(_owns(key, one) for one in state.webhooks) >= MOST:
        raise ApiError(400, f"You have reached the maximum of {MOST} webhook endpoints for this mode.")
    state.courier.collect()
    made = state.webhooks.create(
        created=state.company.now,
        live=key.live,
        api_version=_version(form),
        connect=connect,
        **details,
    )
    state.courier.start()
    return webhook_endpoint(made, with_secret=True)


def _update(state: State, key: Key, request: Request, parts: Sequence[str]) -> Json:
    endpoint, form = _found(state, key, parts), request.form
    check_names(form, {*BOTH, "disabled"})
    changes = _details(form)
    disabled = flag(form, "disabled")
    if disabled is not None:
        changes["disabled"] = disabled
    state.courier.collect()
    return webhook_endpoint(state.webhooks.change(endpoint.id, **changes))


def _delete(state: State, key: Key, request: Request, parts: Sequence[str]) -> Json:
    endpoint = _found(state, key, parts)
    state.courier.collect()
    state.webhooks.remove(endpoint.id)
    return {"id": endpoint.id, "object": "webhook_endpoint", "deleted": True}


def _details(form: Values) -> dict[str, Any]:
    found: dict[str, Any] = {}
    url = one(form, "url")
    if url is not None:
        found["url"] = _checked_url(url)
    events = several(form, "enabled_events")
    for number, name in enumerate(events):
        if not EVENT.fullmatch(name):
            raise ApiError(
                400, f"Invalid enabled_events[{number}]: {name}", param=f"enabled_events[{number}]"
            )
    if events:
        found["enabled_events"] = tuple(events)
    if "description" in form:
        found["description"] = one(form, "description") or None
    if mapped(form, "metadata"):
        found["metadata"] = mapped(form, "metadata")
    return found


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ApiError(400, "Invalid URL: it must be an absolute http or https address.", code="url_invalid")
    return url


def _version(form: Values) -> str | None:
    version = one(form, "api_version")
    if version and not VERSION.fullmatch(version):
        raise ApiError(400, f"Invalid API version: {version}", param="api_version")
    return version or None


ACTIONS = {
    ("GET", 1): _list,
    ("POST", 1): _create,
    ("GET", 2): _one,
    ("POST", 2): _update,
    ("DELETE", 2): _delete,
}
