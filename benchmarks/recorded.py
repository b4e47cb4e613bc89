"""An account of nothing but recorded invoices, served as bytes that cost its server next to nothing.

`python -m benchmarks.recorded FILE COUNT`: the file holds the account, then invoices, one object a line; each
is served under many ids. The port is the first line that is printed.
"""

import re
import socket
import sys
import threading
import time
from bisect import bisect_right
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EMPTY = b'{"object":"list","data":[],"has_more":false}'
NEWEST, APART_SECONDS = 1_790_000_000, 300
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nRequest-Id: req_1\r\nContent-Length: %d\r\n\r\n"
MISSING = b'{"error":{"type":"invalid_request_error","message":"There is no such address."}}'
LATENCY_SECONDS = 0.1
IDENTITY, CREATED = re.compile(rb'^\{"id":"([^"]+)"'), re.compile(rb'"created":\d+')


class Recorded:
    """Recorded invoices, newest first, each of an id and a second of its own."""

    def __init__(self, file: Path, count: int) -> None:
        self.account, *recorded = file.read_bytes().splitlines()
        self.made = [-(NEWEST - number * APART_SECONDS) for number in range(count)]
        self.objects = [
            self._renamed(recorded[number % len(recorded)], number, -self.made[number])
            for number in range(count)
        ]

    def _renamed(self, text: bytes, number: int, made: int) -> bytes:
        found = IDENTITY.match(text)
        assert found is not None
        return CREATED.sub(b'"created":%d' % made, text.replace(found[1], b"in_19D0%011d" % number), count=1)

    def answer(self, target: str) -> bytes | None:
        """Return the body that answers a GET, None where there is nothing."""
        parts = urlsplit(target)
        name, asked = parts.path.removeprefix("/v1/"), parse_qs(parts.query)
        if name == "account":
            return self.account
        if name != "invoices":
            return EMPTY if "/" not in name else None
        start, end = 0, len(self.objects)
        if "created[lt]" in asked:
            start = bisect_right(self.made, -int(asked["created[lt]"][0]))
        if "created[gte]" in asked:
            end = bisect_right(self.made, -int(asked["created[gte]"][0]))
        if "starting_after" in asked:
            start = max(start, int(asked["starting_after"][0].removeprefix("in_19D0")) + 1)
        last = min(start + int(asked["limit"][0]), end)
        more = b"true" if last < end else b"false"
        return b'{"object":"list","data":[%s],"has_more":%s}' % (b",".join(self.objects[start:last]), more)


def serve(recorded: Recorded, connection: socket.socket, latency: float) -> None:
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
        body = recorded.answer(head.split(b" ", 2)[1].decode())
        status = b"404 Not Found" if body is None else b"200 OK"
        body = MISSING if body is None else body
        connection.sendall(HEAD % (status, len(body)) + body)


def main() -> None:
    """Serve the file until killed."""
    recorded = Recorded(Path(sys.argv[1]), int(sys.argv[2]))
    latency = LATENCY_SECONDS if sys.argv[3:] == ["late"] else 0.0
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(recorded, connection, latency), daemon=True).start()


if __name__ == "__main__":
    main()
