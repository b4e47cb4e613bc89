"""Statements that share a round trip: their answers, their errors, and what the connection is afterwards."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Thread
from uuid import uuid4

import psycopg
import pytest
from django.db import DataError, NotSupportedError, OperationalError, connection, transaction

from accounts import wire
from accounts.pipeline import Answer, ask, tell, together
from accounts.reading import read
from tests.accounts.isolation.requests import few_connections

pytestmark = pytest.mark.usefixtures("db")

COUNT = "SELECT count(*) FROM pipeline_row"
ADD = "INSERT INTO pipeline_row VALUES (%s)"
DIVIDE = "SELECT 1 / %s::int"


@pytest.fixture
def rows() -> None:
    """Make a table that the connection alone sees."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS pipeline_row (name text PRIMARY KEY)")
        cursor.execute("TRUNCATE pipeline_row")


def send_all(*sent: tuple[str, tuple[object, ...]]) -> list[Answer]:
    with together() as road:
        return [road.send(*one) for one in sent]


@contextmanager
def pooler() -> Iterator[int]:
    """Name to who connects another session than the one that answers, as poolers do; give the port."""
    given = connection.get_connection_params()
    with socket.create_server(("127.0.0.1", 0)) as here:

        def pump(source: socket.socket, target: socket.socket) -> None:
            with suppress(OSError):
                while chunk := source.recv(1 << 16):
                    target.sendall(re.sub(rb"(?s)K\0\0\0\x0c.{4}", b"K\0\0\0\x0c\0\0\0\1", chunk))
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            server = socket.create_connection((given["host"], given["port"]))
            with suppress(OSError), here.accept()[0] as client, server:
                back = Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join()

        Thread(target=serve, daemon=True).start()
        yield here.getsockname()[1]


def test_each_statement_has_its_own_answer(rows: None) -> None:
    with together() as road:
        added = road.send("INSERT INTO pipeline_row SELECT unnest(%s::text[])", (["one", "two"],))
        seen = road.send("SELECT name FROM pipeline_row ORDER BY name")
        nothing = road.send("SELECT name FROM pipeline_row WHERE name = %s", ("three",))
    assert added.rowcount == 2
    assert seen.fetchall() == [("one",), ("two",)]
    assert seen.fetchone() == ("one",)
    assert nothing.fetchone() is None


def test_values_come_back_as_they_were_bound() -> None:
    whole = (
        uuid4(),
        datetime(2026, 2, 28, 23, 59, 59, 7, tzinfo=UTC),
        b"\x00\xff",
        ["a,", None],
        1 << 62,
        None,
    )
    ((back,), named) = (
        ask("SELECT %s::uuid, %s::timestamptz, %b::bytea, %s::text[], %s::bigint, %s::text", whole),
        ask("SELECT %(b)s::int, 7 %% 4, %(a)s::int, %(b)b::int", {"a": 1, "b": 2}),
    )
    assert back == whole
    assert named == [(2, 3, 1, 2)]


def test_one_statement_serves_values_of_several_types() -> None:
    for value in (1, 1 << 20, 1 << 40, None):
        assert ask("SELECT %s::numeric", [value]) == [(value,)]


def test_more_than_the_sockets_hold_goes_both_ways() -> None:
    large = "x" * 3_000_000
    with together() as road:
        answers = [road.send("SELECT %s::text || %s::text", (large, str(number))) for number in range(8)]
    assert [answer.fetchall() for answer in answers] == [[(f"{large}{number}",)] for number in range(8)]


def test_a_failing_statement_undoes_what_shared_its_round_trip(rows: None) -> None:
    with pytest.raises(DataError, match="division by zero"):
        send_all((ADD, ("one",)), (DIVIDE, (0,)), (ADD, ("two",)))
    assert ask(COUNT) == [(0,)]


def test_after_an_error_a_savepoint_rolls_back_and_everything_goes_on(rows: None) -> None:
    def fail() -> None:
        with transaction.atomic():
            tell(ADD, ("two",))
            ask(DIVIDE, (0,))

    with transaction.atomic():
        tell(ADD, ("one",))
        with pytest.raises(DataError):
            fail()
        assert ask(COUNT) == [(1,)]
    with pytest.raises(DataError):
        fail()
    assert ask(COUNT) == [(1,)]
    assert ask(DIVIDE, (1,)) == [(1,)]


def test_what_is_prepared_stays_when_a_page_rolls_back() -> None:
    assert ask(DIVIDE, (1,)) == [(1,)]
    with transaction.atomic():
        read(DIVIDE, (1,))
        transaction.set_rollback(True)
    assert ask(DIVIDE, (1,)) == [(1,)]


def test_a_block_that_fails_sends_nothing(rows: None) -> None:
    def fail() -> None:
        with together() as road:
            road.send(ADD, ("one",))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ask(COUNT) == [(0,)]


def test_a_transaction_holds_what_either_road_writes(rows: None) -> None:
    with transaction.atomic():
        tell(ADD, ("one",))
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO pipeline_row VALUES ('two')")
        assert ask(COUNT) == [(2,)]
        transaction.set_rollback(True)
    assert ask(COUNT) == [(0,)]


def test_too_few_values_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(psycopg.ProgrammingError, match="2 places"):
        ask("SELECT %s::int, %s::int", (1,))


def test_a_changed_table_fails_once_and_is_read_anew(rows: None) -> None:
    everything = "SELECT * FROM pipeline_row"
    assert ask(everything) == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pipeline_row ADD COLUMN age integer")
    with pytest.raises(NotSupportedError, match="cached plan"):
        ask(everything)
    assert ask(everything) == []
    connection.close()


def test_what_is_prepared_is_forgotten_before_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_PREPARED", 5)
    for number in range(20):
        assert ask(f"SELECT {number}::int") == [(number,)]
    ((count,),) = ask("SELECT count(*) FROM pg_prepared_statements")
    assert 0 < count <= 8


def test_nothing_is_prepared_in_a_session_that_a_pooler_may_give_to_others() -> None:
    with pooler() as port, few_connections(1, HOST="127.0.0.1", PORT=port):
        for _ in range(3):
            assert ask(DIVIDE, (1,)) == [(1,)]
        with pytest.raises(DataError):
            ask(DIVIDE, (0,))
        assert ask("SELECT count(*) FROM pg_prepared_statements") == [(0,)]
    assert ask(DIVIDE, (1,)) == ask(DIVIDE, (1,)) == [(1,)]
    assert ask("SELECT count(*) > 0 FROM pg_prepared_statements") == [(True,)]


def test_a_connection_that_the_server_ends_raises_and_another_follows() -> None:
    with pytest.raises(OperationalError):
        send_all(("SELECT 1", ()), ("SELECT pg_terminate_backend(pg_backend_pid())", ()), ("SELECT 2", ()))
    with pytest.raises(OperationalError):
        ask("SELECT 1")
    connection.close()
    assert ask("SELECT 1") == [(1,)]


def test_an_interrupted_wait_leaves_nothing_half_read() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    session = ask("SELECT pg_backend_pid()")
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(KeyboardInterrupt):
            ask("SELECT pg_sleep(20)")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert ask("SELECT pg_backend_pid()") == session
