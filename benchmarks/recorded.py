"""An account of recorded objects, served as bytes that cost its server next to nothing.

`python -m benchmarks.recorded FILE COUNT`: the file holds the account, then objects, one a line; each list
whose objects are there has so many, each recorded object under many ids. The port is the first line printed.
"""

import re
import socket
import sys
import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

EMPTY = b'{"object":"list","data":[],"has_more":false}'
NEWEST, APART_SECONDS = 1_790_000_000, 300
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nRequest-Id: req_1\r\nContent-Length: %d\r\n\r\n"
MISSING = b'{"error":{"type":"invalid_request_error","message":"There is no such address."}}'
LATENCY_SECONDS = 0.1
DIGITS = 11
CREATED = re.compile(rb'"created":\d+')


class Named(msgspec.Struct):
    """A recorded object, for its id and its kind."""

    id: str
    object: str


class Recorded:
    """A list of one kind of recorded objects, newest first, each of an id and a second of its own."""

    def __init__(self, texts: Sequence[bytes], count: int) -> None:
        self.count = count
        self.made = [-_made(number) for number in range(count)]
        self._parts = [CREATED.split(text, maxsplit=1) for text in texts]
        self._ids = [msgspec.json.decode(text, type=Named).id.encode() for text in texts]

    def answer(self, asked: dict[str, list[str]]) -> bytes:
        """Return a page."""
        start, end = 0, self.count
        if "created[lt]" in asked:
            start = bisect_right(self.made, -int(asked["created[lt]"][0]))
        if "created[gte]" in asked:
            end = bisect_right(self.made, -int(asked["created[gte]"][0]))
        if "starting_after" in asked:
            start = max(start, int(asked["starting_after"][0][-DIGITS:]) + 1)
        last = min(start + int(asked["limit"][0]), end)
        more = b"true" if last < end else b"false"
        data = b",".join(map(self._renamed, range(start, last)))
        return b'{"object":"list","data":[%s],"has_more":%s}' % (data, more)

    def _renamed(self, number: int) -> bytes:
        kind = number % len(self._ids)
        before, after = self._parts[kind]
        text = b'%s"created":%d%s' % (before, _made(number), after)
        own = self._ids[kind]
        return text.replace(own, b"%s_19D0%0*d" % (own.partition(b"_")[0], DIGITS, number))


def _made(number: int) -> int:
    return NEWEST - number * APART_SECONDS


class Account:
    """Recorded lists, by their names."""

    def __init__(self, file: Path, count: int) -> None:
        self.account, *recorded = file.read_bytes().splitlines()
        texts: dict[str, list[bytes]] = {}
        for text in recorded:
            texts.setdefault(f"{msgspec.json.decode(text, type=Named).object}s", []).append(text)
        self.lists = {name: Recorded(some, count) for name, some in texts.items()}

    def answer(self, target: str) -> bytes | None:
        """Return the body that answers a GET, None where there is nothing."""
        parts = urlsplit(target)
        name = parts.path.removeprefix("/v1/")
        if name == "account":
            return self.account
        if name in self.lists:
            return self.lists[name].answer(parse_qs(parts.query))
        return EMPTY if "/" not in name else None


def serve(account: Account, connection: socket.socket, latency: float) -> None:
    """Answer the requests of one connection until it is closed."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting = b""
    while True:
        while b"\r\n\r\n" not in waiting:
            received = connection.recv(65_536)
            if not received:
                return
            waiting += received
        head, _, waiting = waiting.partition(b"\r\n\r\n")
        time.sleep(latency)
        body = account.answer(head.split(b" ", 2)[1].decode())
        status = b"404 Not Found" if body is None else b"200 OK"
        body = MISSING if body is None else body
        connection.sendall(HEAD % (status, len(body)) + body)


def main() -> None:
    """Serve the file until killed."""
    account = Account(Path(sys.argv[1]), int(sys.argv[2]))
    latency = LATENCY_SECONDS if sys.argv[3:] == ["late"] else 0.0
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(account, connection, latency), daemon=True).start()


if __name__ == "__main__":
    main()
