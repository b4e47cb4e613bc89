"""Requests to a sandbox without the SDK between: its control, and bare answers of its API."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from billing_sync.sandbox.keys import FULL_KEY


@dataclass(frozen=True, slots=True)
class Answered:
    """Hold a bare answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


def bare(address: str, path: str = "/v1/customers?limit=1", key: str = FULL_KEY) -> Answered:
    """Read an address of the API whatever it answers."""
    return sent(urllib.request.Request(f"{address}{path}", headers={"Authorization": f"Bearer {key}"}))


def sent(request: urllib.request.Request) -> Answered:
    """Send a request, and return what came whatever it is."""
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answered(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answered(refused.code, refused.headers, refused.read())


def control(address: str, name: str, told: object = None, method: str | None = None) -> Any:
    """Tell the sandbox something, or ask it; the answer must be a good one."""
    answered = told_to(address, name, told, method)
    assert answered.status == 200, answered.body
    return json.loads(answered.body)


def told_to(address: str, name: str, told: object = None, method: str | None = None) -> Answered:
    """Tell the sandbox something, and return what came whatever it is."""
    body = None if told is None else json.dumps(told).encode()
    return sent(urllib.request.Request(f"{address}/_sandbox/{name}", body, method=method))
