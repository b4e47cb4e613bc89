"""Post webhooks to an address as fast as asked, over connections that stay open, and time each answer."""

import hmac
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

CLIENTS = 64
Signer = Callable[[bytes], str]


@dataclass(slots=True)
class Answers:
    """What came back; the seconds count from when a post was due, so that a jam is not left out."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    took: float = 0.0

    def percentile(self, share: float) -> float:
        """Return how many seconds this share of the answers took at most."""
        return sorted(self.seconds)[min(int(len(self.seconds) * share), len(self.seconds) - 1)]

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.took


def signer(secret: str) -> Signer:
    """Return what signs bodies as Stripe does, at the time of asking."""

    def header(body: bytes) -> str:
        stamp = str(int(time.time()))
        signed = hmac.new(secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
        return f"t={stamp},v1={signed}"

    return header


def post(url: str, bodies: Sequence[bytes], sign: Signer, rate: float) -> Answers:
    """Post the bodies, so many a second, and return the answers."""
    answers, numbers, began = Answers(), count(), time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        for client in [
            clients.submit(_client, url, bodies, sign, rate, numbers, began, answers) for _ in range(CLIENTS)
        ]:
            client.result()
    answers.took = time.monotonic() - began
    return answers


def _client(
    url: str,
    bodies: Sequence[bytes],
    sign: Signer,
    rate: float,
    numbers: "count[int]",
    began: float,
    answers: Answers,
) -> None:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=60)
    while (number := next(numbers)) < len(bodies):
        due = began + number / rate
        time.sleep(max(0.0, due - time.monotonic()))
        body = bodies[number]
        headers = {"Content-Type": "application/json", "Stripe-Signature": sign(body)}
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        answers.seconds.append(time.monotonic() - due)
        answers.statuses[answer.status] += 1
    connection.close()
