"""The clients of `dashboard`, in a process of their own: each asks again as soon as it is answered.

Port, path, cookies, whether the page is held already, how many clients, for how many seconds. They speak so
little HTTP that the two cores are left to those who answer.
"""

import json
import re
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

WARM_SECONDS = 2.0
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)


@dataclass(slots=True)
class Client:
    """One connection, and what it was answered; one that holds the page names its newest tag."""

    link: socket.socket
    question: bytes
    held: bool
    tag: bytes = b""
    asked: float = 0.0
    answer: bytearray = field(default_factory=bytearray)
    took: list[float] = field(default_factory=list)

    def ask(self) -> None:
        tag = b"If-None-Match: " + self.tag + b"\r\n" if self.held and self.tag else b""
        self.answer.clear()
        self.asked = time.perf_counter()
        self.link.sendall(self.question + tag + b"\r\n")

    def hear(self) -> bool:
        """Take what has come; say whether that is all of the answer."""
        came = self.link.recv(1 << 18)
        if not came:
            raise RuntimeError("The connection was closed.")
        self.answer += came
        head, ended, body = self.answer.partition(b"\r\n\r\n")
        status, length = bytes(head[9:12]), LENGTH.search(head)
        if not ended or (status == b"200" and length and len(body) < int(length[1])):
            return False
        if status not in (b"200", b"304"):
            raise RuntimeError(f"The answer is {status.decode()}.")
        if status == b"304" or not self.held:
            self.took.append((time.perf_counter() - self.asked) * 1_000)
        found = TAG.search(head)
        self.tag = found[1] if found else b""
        return True


def main() -> None:
    """Print how many answers came in how many seconds, how long they took, and the CPU of the clients.

    `all` are the answers, the first ones too, that the CPU of everyone was spent on.
    """
    port, path, cookies, held, clients, seconds = sys.argv[1:]
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", "Accept-Language: en", f"Cookie: {cookies}", "")
    asking = [
        Client(
            socket.create_connection(("127.0.0.1", int(port)), 60), "\r\n".join(lines).encode(), held != "0"
        )
        for _ in range(int(clients))
    ]
    used = time.process_time()
    together(asking, WARM_SECONDS)
    warm = sum(len(one.took) for one in asking)
    for one in asking:
        one.took.clear()
    begun = time.monotonic()
    together(asking, float(seconds))
    took = sorted(each for one in asking for each in one.took)
    lasted, cpu = time.monotonic() - begun, time.process_time() - used
    found = {"count": len(took), "all": warm + len(took), "seconds": lasted, "cpu": cpu}
    sys.stdout.write(json.dumps(found | {"p50": at(took, 0.5), "p99": at(took, 0.99)}))


def together(asking: list[Client], seconds: float) -> None:
    """Have all ask until the time is up, and hear the last answers."""
    until, left = time.monotonic() + seconds, len(asking)
    with selectors.DefaultSelector() as selector:
        for one in asking:
            selector.register(one.link, selectors.EVENT_READ, one)
            one.ask()
        while left:
            for key, _ in selector.select():
                if key.data.hear():
                    if time.monotonic() < until:
                        key.data.ask()
                    else:
                        left -= 1


def at(took: list[float], part: float) -> float:
    """Return the time within which a part of the answers came."""
    return took[min(int(len(took) * part), len(took) - 1)]


if __name__ == "__main__":
    main()
