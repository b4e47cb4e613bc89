"""What the sandbox answers about itself: its clock, its truth, its archive of events."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from . import account_control, oauth_api, webhook_control
from .clock import instant
from .company import Company
from .errors import ApiError, unrecognized
from .exchange import Request
from .faults import parse
from .objects import build
from .state import State
from .truth import movements, totals, truth


def control(state: State, request: Request, path: str) -> bytes:
    """Answer a request to the part of an address after /_sandbox/."""
    action = ACTIONS.get((request.method, path))
    if action is None:
        raise unrecognized(request.method, f"/_sandbox/{path}")
    with state.turn:
        state.clock.tick()
        found = action(state, request)
    if callable(found):
        found = found()
    return found if isinstance(found, bytes) else msgspec.json.encode(found)


def _clock(state: State, request: Request) -> Any:
    if request.method == "POST":
        state.clock.set(instant(request.told(("now",), '{"now": 1790000000}').get("now")))
    company = state.company
    return {"now": company.now, "founded": company.founded, "running": state.clock.running}


def _truth(state: State, request: Request) -> Any:
    return truth(state.company)


def _totals(state: State, request: Request) -> Any:
    zone = request.values.get("time_zone", ["UTC"])[-1]
    window = request.values.get("window", ["day"])[-1]
    return {
        "totals": totals(state.company, zone, window),
        "movements": movements(state.company, zone, window),
    }


def _archive(state: State, request: Request) -> Any:
    return b"".join(archive(state.company))


def _statistics(state: State, request: Request) -> Any:
    found = state.statistics.shown()
    if request.method == "DELETE":
        state.statistics.reset()
    return found


def _faults(state: State, request: Request) -> Any:
    if request.method == "POST":
        text = request.told(("faults",), '{"faults": "latency=100,error=5"}').get("faults")
        try:
            state.misbehave(parse(str(text)))
        except ValueError as error:
            raise ApiError(400, str(error), param="faults") from error
    return asdict(state.faults)


ACTIONS: Mapping[tuple[str, str], Callable[[State, Request], Any]] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _clock,
    ("GET", "truth"): _truth,
    ("GET", "totals"): _totals,
    ("GET", "events.jsonl"): _archive,
    ("GET", "stats"): _statistics,
    ("DELETE", "stats"): _statistics,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _faults,
    ("GET", "keys"): account_control.keys,
    ("POST", "keys"): account_control.keys,
    ("POST", "delete"): account_control.delete,
    ("POST", "alter"): account_control.alter,
    ("GET", "oauth"): oauth_api.told,
    ("POST", "oauth"): oauth_api.told,
    ("GET", "webhooks"): webhook_control.overview,
    ("POST", "webhooks"): webhook_control.create,
    ("POST", "webhooks/rotate"): webhook_control.rotate,
    ("POST", "webhooks/deliver"): webhook_control.deliver,
}


def archive(company: Company) -> Iterator[bytes]:
    """Yield every event since the company was founded, oldest first, one JSON object a line."""
    for event in company.book.all("event"):
        yield msgspec.json.encode(build("event", event, False)) + b"\n"
