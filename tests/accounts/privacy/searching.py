"""Look for a text in everything that is stored: every column of every table, decompressed, and Redis."""

import os
from typing import Any

import psycopg
from psycopg import sql
from redis import Redis

from billing_sync.payload import unpacked
from tests.database import emptying

ZSTANDARD = b"\x28\xb5\x2f\xfd"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def tables_with(needle: str) -> set[str]:
    """Return the tables with a row that holds the text in any column, seen by the owner."""
    connection = emptying()
    return {table for (table,) in connection.execute(TABLES) if _holds(connection, table, needle)}


def everything() -> str:
    """Return all that stands in any table and in Redis, to be looked through often."""
    connection = emptying()
    tables = [table for (table,) in connection.execute(TABLES)]
    rows = (row for table in tables for row in connection.execute(_all(table)))
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        names: list[bytes] = redis.keys("*")
        kept = [_text(name + (redis.dump(name) or b"")) for name in names]
    return "\n".join([*(_text(value) for row in rows for value in row), *kept])


def _holds(connection: "psycopg.Connection[Any]", table: str, needle: str) -> bool:
    rows = connection.execute(_all(table))
    return any(needle.lower() in _text(value).lower() for row in rows for value in row)


def _all(table: str) -> sql.Composed:
    return sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))


def _text(value: object) -> str:
    if not isinstance(value, bytes | memoryview):
        return repr(value)
    content = bytes(value)
    if content.startswith(ZSTANDARD):
        content = unpacked(content)
    return content.decode("utf-8", "replace") + content.decode("utf-16-le", "replace")


def keys_with(needle: str) -> list[str]:
    """Return the keys in Redis whose name or value holds the text."""
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        names: list[bytes] = redis.keys("*")
        return [name.decode() for name in names if needle.encode() in name + (redis.dump(name) or b"")]
