"""What the sandbox does with webhooks when told to."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .courier import PEOPLE
from .deliveries import Delivery, Handling
from .errors import ApiError, missing
from .exchange import Request
from .state import State
from .webhooks import WebhookEndpoint, webhook_endpoint

HANDLING = ("repeat", "drop", "shuffle", "late", "late_by", "forged", "old", "ahead", "seed")
CREATION = ("url", "enabled_events", "api_version", "payload", "connect", "live")


def overview(state: State, request: Request) -> Any:
    """Return every endpoint with its secret and what it answered, and how much waits to be sent."""
    shown = [
        webhook_endpoint(one, with_secret=True)
        | {"payload": "thin" if one.thin else "snapshot", "answers": state.courier.answers(one.id)}
        for one in state.webhooks
    ]
    return {"waiting": state.courier.waiting(), "endpoints": shown}


def create(state: State, request: Request) -> Any:
    """Register an endpoint without a key, also one for thin events."""
    told = request.told(CREATION, '{"url": "http://127.0.0.1:9000/", "payload": "thin"}')
    if not isinstance(told.get("url"), str):
        raise ApiError(400, "Give the `url` of the endpoint.", param="url")
    state.courier.collect()
    made = state.webhooks.create(
        told["url"],
        state.company.now,
        enabled_events=tuple(told.get("enabled_events", ["*"])),
        api_version=told.get("api_version"),
        thin=told.get("payload") == "thin",
        connect=told.get("connect") is True,
        live=told.get("live") is True,
    )
    state.courier.start()
    return webhook_endpoint(made, with_secret=True)


def rotate(state: State, request: Request) -> Any:
    """Give an endpoint a new secret; unless `overlap` is false the old one signs beside it."""
    told = request.told(("id", "overlap"), '{"id": "we_1", "overlap": true}')
    endpoint = _endpoint(state, told.get("id"))
    turned = state.webhooks.rotate(endpoint.id, overlap=told.get("overlap", True) is not False)
    return webhook_endpoint(turned, with_secret=True)


def deliver(state: State, request: Request) -> Callable[[], Any]:
    """Post the events from an instant on once more, as carelessly as told, without waiting for late ones."""
    told = request.told(("since", "endpoint", *HANDLING), '{"since": 1790000000, "repeat": [1, 3]}')
    given = {name: told[name] for name in HANDLING if name in told}
    try:
        if "repeat" in given:
            given["repeat"] = tuple(given["repeat"])
        chosen = Handling(**given)
    except (TypeError, ValueError) as error:
        raise ApiError(400, f"The delivery makes no sense: {error}") from error
    asked = told.get("endpoint")
    endpoints = list(state.webhooks) if asked is None else [_endpoint(state, asked)]
    since = int(told.get("since", 0))
    posts = list(state.deliveries(endpoints, since, chosen))
    return lambda: _posted(state, posts)


def _posted(state: State, posts: Iterable[Delivery]) -> Mapping[str, Any]:
    with ThreadPoolExecutor(PEOPLE) as people:
        answers = list(people.map(lambda one: (one, state.courier.post(one)), posts))
    return {
        "sent": len(answers),
        "events": len({one.event for one, _ in answers}),
        "statuses": Counter(str(status or "none") for _, status in answers),
        "ways": Counter(one.way for one, _ in answers),
    }


def _endpoint(state: State, identity: Any) -> WebhookEndpoint:
    found = state.webhooks.get(str(identity))
    if found is None:
        raise missing("webhook_endpoint", str(identity))
    return found
