"""One round trip to PostgreSQL for as many prepared statements as there are, right above libpq.

A cursor of the driver's takes longer over a statement than PostgreSQL does over what most of ours ask.
"""

from collections.abc import Iterator, Sequence
from os import urandom
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from psycopg import Connection, OperationalError, errors
from psycopg.abc import Buffer, PQGen
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

BEGIN, COMMIT, FORGET = b"BEGIN", b"COMMIT", b"DEALLOCATE ALL"
WHO = b"SELECT pg_backend_pid()"
MOST_PREPARED = 300
DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Statement(NamedTuple):
    """A statement with numbered places, what is bound to them, and how it is to be run."""

    text: bytes
    values: Sequence[Buffer | None]
    types: tuple[int, ...]
    formats: Sequence[int]
    result: int
    is_prepared: bool


class _Prepared:
    """The names of what a connection has prepared; in doubt from an error on, which may have prevented it.

    Nothing is, until it is known that the session is its own: a pooler gives the same one to others too.
    """

    def __init__(self) -> None:
        self.names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        # Should a pooler deceive us, nobody's statement has the name of another's.
        self.count = int.from_bytes(urandom(6))
        self.in_doubt = False
        self.is_alone: bool | None = None


_prepared: "WeakKeyDictionary[Connection[Any], _Prepared]" = WeakKeyDictionary()


def exchange(
    ours: "Connection[Any]", statements: Sequence[Statement], *, commits: bool = False
) -> list[PGresult]:
    """Run statements one after another in one round trip; return their results, or raise the first error.

    The transaction begins on the way, where the connection is to be in one; with `commits` it ends there too.
    """
    link, known = ours.pgconn, _prepared.get(ours) or _prepared.setdefault(ours, _Prepared())
    begins = not ours.autocommit and link.transaction_status == TransactionStatus.IDLE
    link.enter_pipeline_mode()
    try:
        wanted = list(_sent(link, known, statements, begins=begins))
        learns = known.is_alone is None
        if learns:
            link.send_query_params(WHO, None)
        if commits:
            link.send_query_params(COMMIT, None)
        link.pipeline_sync()
        results = ours.wait(_results(link))
        for result in results:
            if result.status not in DONE:
                raise errors.error_from_result(result)
        if learns:
            # The session that answers, and the one that was named when we connected.
            known.is_alone = int(results[-2 if commits else -1].get_value(0, 0) or 0) == link.backend_pid
    except BaseException:
        known.in_doubt = True
        raise
    finally:
        _leave(link)
    return [results[place] for place in wanted]


def _sent(link: PGconn, known: _Prepared, statements: Sequence[Statement], *, begins: bool) -> Iterator[int]:
    """Send what is to be run; yield which results are those of the statements."""
    place = 0
    if begins:
        link.send_query_params(BEGIN, None)
        place += 1
    if known.names and (known.in_doubt or len(known.names) > MOST_PREPARED):
        link.send_query_params(FORGET, None)
        place += 1
        known.names.clear()
        known.in_doubt = False
    for text, values, types, formats, result, is_prepared in statements:
        if not (is_prepared and known.is_alone):
            link.send_query_params(text, values, types, formats, result)
            yield place
            place += 1
            continue
        name = known.names.get((text, types))
        if name is None:
            known.count += 1
            name = known.names[text, types] = b"wire_%d" % known.count
            link.send_prepare(name, text, types)
            place += 1
        link.send_query_prepared(name, values, formats, result)
        yield place
        place += 1


def _results(link: PGconn) -> PQGen[list[PGresult]]:
    """Write what is still to be written, and read one result of each statement."""
    results: list[PGresult] = []
    unsent = link.flush()
    while True:
        # None from the driver's second wait, for the end of what an interruption cancelled.
        ready = (yield Wait.RW if unsent else Wait.R) or Ready.NONE
        if ready & Ready.R:
            link.consume_input()
        if unsent:
            unsent = link.flush()
        is_between = False
        while not link.is_busy():
            result = link.get_result()
            if result is None:
                # After each statement's result; twice where the next one's is not there yet.
                if is_between:
                    break
                is_between = True
                continue
            is_between = False
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)


def _leave(link: PGconn) -> None:
    """Let the driver use the connection again; one that was left in the middle of an answer is closed."""
    try:
        link.exit_pipeline_mode()
    except OperationalError:
        link.finish()
