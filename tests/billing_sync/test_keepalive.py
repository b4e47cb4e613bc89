"""One connection for request after request, whatever shape an answer has and however a server goes away."""

import gzip
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from ssl import SSLContext
from threading import Event, Thread

import certifi
import pytest
from django.conf import LazySettings

from billing_sync import keepalive
from billing_sync.keepalive import Answer, NoAnswerError
from tests.metrics.exchange.files import certified

HEAD = b"HTTP/1.1 200 OK\r\n"
PLAIN = HEAD + b"Request-Id:  req_1 \r\nContent-Length: 3\r\n\r\none"
GZIPPED = gzip.compress(b"one", mtime=0)
ASKED = "Host: {host}\r\nAccept-Encoding: identity\r\n"
SIGNED = "Authorization: Bearer sk_1\r\n\r\n"


class Server(Thread):
    """Answers each request with the next bytes; after None on another connection."""

    def __init__(self, answers: tuple[bytes | None, ...], tls: SSLContext | None) -> None:
        super().__init__(daemon=True)
        self.asked: list[bytes] = []
        self.callers = 0
        self.hung_up = Event()
        self._left, self._tls = iter(answers), tls
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self) -> None:
        """Take one caller after another until nothing is left to say."""
        goes_on = True
        while goes_on:
            with suppress(OSError):
                caller, _address = self.socket.accept()
                self.callers += 1
                with self._tls.wrap_socket(caller, server_side=True) if self._tls else caller as line:
                    goes_on = self._answer(line)
                self.hung_up.set()

    def _answer(self, line: socket.socket) -> bool:
        for answer in self._left:
            if answer is None:
                return True
            self.asked.append(_request(line))
            # In two pieces, as networks do.
            line.sendall(answer[:20])
            line.sendall(answer[20:])
        return False


def _request(line: socket.socket) -> bytes:
    """Read a request to its end: its body may come by itself."""
    found = line.recv(100_000)
    _, _, told = found.partition(b"Content-Length: ")
    while told and len(found.partition(b"\r\n\r\n")[2]) < int(told.split(b"\r\n")[0]):
        found += line.recv(100_000)
    return found


@contextmanager
def serving(*answers: bytes | None, tls: SSLContext | None = None) -> Iterator[Server]:
    server = Server(answers, tls)
    with server.socket:
        yield server


def ask(port: int, method: str = "get", *, most: int = 1000, body: str | None = None) -> Answer:
    url = f"http://127.0.0.1:{port}/v1/x?a[0]=b c"
    headers = {"Authorization": "Bearer sk_1"}
    return keepalive.sent(method, url, headers, body, ca_certs=certifi.where(), most=most)


def test_requests_follow_each_other_on_one_connection() -> None:
    with serving(PLAIN, PLAIN) as server:
        found = [ask(server.port), ask(server.port, "post", body="é=1")]
    assert found == [Answer(b"one", 200, {"request-id": "req_1", "content-length": "3"})] * 2
    assert server.callers == 1
    told = ASKED.format(host=f"127.0.0.1:{server.port}")
    assert [one.decode() for one in server.asked] == [
        f"GET /v1/x?a%5B0%5D=b%20c HTTP/1.1\r\n{told}{SIGNED}",
        f"POST /v1/x?a%5B0%5D=b%20c HTTP/1.1\r\n{told}Content-Length: 4\r\n{SIGNED}é=1",
    ]


@pytest.mark.parametrize(
    ("answer", "found", "stays"),
    [
        (b"HTTP/1.1 404\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", (b"", 404), True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\non\r\n1\r\ne\r\n0\r\n\r\n", (b"one", 200), True),
        (
            HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n3\r\none\r\n0\r\n\r\n",
            (b"one", 200),
            True,
        ),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 23\r\n\r\n" + GZIPPED, (b"one", 200), True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, (b"one", 200), True),
        (b"HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\n", (b"", 204), True),
        (HEAD + b"Vary: a\r\nVary: b\r\nContent-Length: 3\r\n\r\none", (b"one", 200), True),
        (HEAD + b"Connection: close\r\nContent-Length: 3\r\n\r\none", (b"one", 200), False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\none", (b"one", 200), False),
        (HEAD + b"\r\none", (b"one", 200), False),
    ],
)
def test_an_answer_of_any_shape_is_read(answer: bytes, found: tuple[bytes, int], stays: bool) -> None:
    with serving(answer, *(() if stays else (None,)), PLAIN) as server:
        assert ask(server.port)[:2] == found
        assert ask(server.port).body == b"one"
    assert server.callers == (1 if stays else 2)


def test_a_server_that_hung_up_meanwhile_is_called_again() -> None:
    with serving(PLAIN, None, PLAIN) as server:
        assert ask(server.port).body == b"one"
        assert server.hung_up.wait(10)
        assert ask(server.port).body == b"one"
    assert server.callers == 2


def test_of_more_than_is_wanted_a_beginning_is_read() -> None:
    with serving(HEAD + b"Content-Length: 900\r\n\r\none two", None, PLAIN) as server:
        assert ask(server.port, most=4).body == b"one "
        assert ask(server.port).body == b"one"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        PLAIN[:-1],
        b"SSH-2.0-OpenSSH\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 1\r\n\r\none",
    ],
)
def test_what_is_no_whole_answer_is_none(answer: bytes) -> None:
    with serving(answer, None, PLAIN) as server:
        with pytest.raises(NoAnswerError):
            ask(server.port)
        assert ask(server.port).body == b"one"


def test_a_silent_server_is_not_waited_for_forever(settings: LazySettings) -> None:
    settings.STRIPE_READ_SECONDS = 0.05
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoAnswerError, match="timed out"):
        ask(silent.getsockname()[1])


def test_an_answer_that_comes_too_late_is_nobody_s(settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as threads:
        server.settimeout(10)
        settings.STRIPE_READ_SECONDS = 0.05
        with pytest.raises(NoAnswerError, match="timed out"):
            ask(server.getsockname()[1])
        settings.STRIPE_READ_SECONDS = 10
        with server.accept()[0]:
            answer = threads.submit(ask, server.getsockname()[1])
            with server.accept()[0] as caller:
                caller.recv(1000)
                caller.sendall(PLAIN)
                assert answer.result(10).body == b"one"


def test_a_child_does_not_speak_on_its_parent_s_connection(settings: LazySettings) -> None:
    with serving(PLAIN, PLAIN) as server:
        ask(server.port)
        settings.STRIPE_READ_SECONDS = 0.05
        child = os.fork()
        if not child:
            with suppress(NoAnswerError):
                ask(server.port)
            os._exit(0)
        os.waitpid(child, 0)
        assert len(server.asked) == 1
        assert ask(server.port).body == b"one"
    assert server.callers == 1


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with serving(PLAIN) as server:
        assert ask(server.port).body == b"one"


def test_a_header_cannot_add_another() -> None:
    with serving(PLAIN) as server:
        url = f"http://127.0.0.1:{server.port}/"
        with pytest.raises(NoAnswerError, match="Invalid header value"):
            keepalive.sent("get", url, {"A": "b\r\nC: d"}, None, ca_certs="", most=9)
        assert not server.asked


def test_who_asks_meanwhile_has_a_connection_of_his_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(ask, server.getsockname()[1]) for _ in range(2)]
        callers = [server.accept()[0] for _ in range(2)]
        for caller in callers:
            with caller:
                caller.recv(1000)
                caller.sendall(PLAIN)
        assert [answer.result(10).body for answer in answers] == [b"one", b"one"]


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    certificate, tls = certified(tmp_path)
    with serving(PLAIN, tls=tls) as server:

        def securely(host: str, ca_certs: str) -> bytes:
            url = f"https://{host}:{server.port}/"
            return keepalive.sent("get", url, {}, None, ca_certs=ca_certs, most=9).body

        with pytest.raises(NoAnswerError, match="CERTIFICATE_VERIFY_FAILED"):
            securely("localhost", certifi.where())
        with pytest.raises(NoAnswerError, match="IP address mismatch"):
            securely("127.0.0.1", str(certificate))
        assert securely("localhost", str(certificate)) == b"one"


def test_a_proxy_of_the_environment_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(PLAIN, PLAIN) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        url = f"http://beyond-{proxy.port}.test/v1/x"
        found = [keepalive.sent("get", url, {}, None, ca_certs="", most=9) for _ in range(2)]
    assert [one.body for one in found] == [b"one", b"one"]
    assert found[0].headers["content-length"] == "3"
    assert proxy.asked[1].startswith(f"GET {url} HTTP/1.1\r\n".encode())
    assert proxy.callers == 1
