"""The clients of `dashboard`, in a process of their own: each asks again as soon as it is answered.

Port, path, cookies, whether the page is held already, how many clients, for how many seconds.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

WARM_SECONDS = 2.0


def main() -> None:
    """Print how many answers came, and in how many seconds."""
    port, path, cookies, held, clients, seconds = sys.argv[1:]
    warm = _together(int(port), path, cookies, int(clients), WARM_SECONDS, held="")
    if not warm:
        raise SystemExit("Nothing was answered.")
    begun = time.monotonic()
    count = _together(
        int(port), path, cookies, int(clients), float(seconds), held=held if held != "0" else ""
    )
    sys.stdout.write(f"{count} {time.monotonic() - begun}\n")


def _together(port: int, path: str, cookies: str, clients: int, seconds: float, *, held: str) -> int:
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(clients) as pool:
        jobs = [pool.submit(_client, port, path, cookies, until, bool(held)) for _ in range(clients)]
        return sum(one.result() for one in jobs)


def _client(port: int, path: str, cookies: str, until: float, held: bool) -> int:
    """Ask until the time is up; a client that holds the page names its newest tag."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers, count = {"Cookie": cookies, "Accept-Language": "en"}, 0
    while time.monotonic() < until:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 304):
            raise RuntimeError(f"{path} answers {answer.status}")
        if held:
            headers["If-None-Match"] = answer.headers["ETag"]
        count += answer.status == 304 or not held
    connection.close()
    return count


if __name__ == "__main__":
    main()
