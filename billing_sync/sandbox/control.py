"""What the sandbox answers about itself: its clock, its truth, its archive of events."""

from collections.abc import Iterator
from typing import Any

import msgspec

from .clock import Clock, instant
from .company import Company
from .errors import ApiError, unrecognized
from .listing import Values
from .objects import build
from .truth import movements, totals, truth


def control(company: Company, clock: Clock, method: str, path: str, values: Values, body: bytes) -> bytes:
    """Answer a request to the part of an address after /_sandbox/."""
    if (method, path) == ("POST", "clock"):
        clock.set(instant(_decoded(body).get("now")))
    if path == "clock":
        return msgspec.json.encode({"now": company.now, "founded": company.founded, "running": clock.running})
    if (method, path) == ("GET", "truth"):
        return msgspec.json.encode(truth(company))
    if (method, path) == ("GET", "totals"):
        zone, window = values.get("time_zone", ["UTC"])[-1], values.get("window", ["day"])[-1]
        return msgspec.json.encode(
            {"totals": totals(company, zone, window), "movements": movements(company, zone, window)}
        )
    if (method, path) == ("GET", "events.jsonl"):
        return b"".join(archive(company))
    raise unrecognized(method, f"/_sandbox/{path}")


def archive(company: Company) -> Iterator[bytes]:
    """Yield every event since the company was founded, oldest first, one JSON object a line."""
    for event in company.book.all("event"):
        yield msgspec.json.encode(build("event", event, False)) + b"\n"


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(400, 'Send a JSON object, such as {"now": 1790000000}.', param="now")
    return found
