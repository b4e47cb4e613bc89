"""What is packed for PostgreSQL is what it reads."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database
from psycopg import sql
from psycopg.adapt import PyFormat

from accounts.models import Organization
from accounts.pipeline import ask
from accounts.tenancy import tenant
from billing_sync.mirror.arrays import KINDS, packed

AT = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "boolean": [True, None, False, True],
    "bytea": [b"", b"\x00\xff", None],
    "bigint": [0, -1, 2**63 - 1, -(2**63), None],
    "text": ["", "🦊 {,} \"'\\", None, "x" * 100_000, ""],
    "timestamptz": [AT, None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), AT],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1), None],
}


def test_every_kind_is_tried() -> None:
    assert set(VALUES) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(VALUES))
@pytest.mark.parametrize("count", [0, 1, 100])
def test_values_arrive_as_they_were_sent(organization: Organization, kind: str, count: int) -> None:
    sent = VALUES[kind][:count] if count < 100 else VALUES[kind] * 20
    assert arrived(organization, kind, sent) == sent


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_a_null_by_itself_arrives(organization: Organization, kind: str) -> None:
    assert arrived(organization, kind, [None]) == [None]


def arrived(organization: Organization, kind: str, sent: list[Any]) -> list[Any]:
    """Return what PostgreSQL gives back of an array."""
    statement = sql.SQL(
        "SELECT one FROM unnest({}::{}[]) WITH ORDINALITY AS given (one, place) ORDER BY place"
    )
    text = statement.format(sql.Placeholder(format=PyFormat.BINARY), sql.SQL(kind))
    with tenant(organization.id):
        database.cursor().execute("SET LOCAL TIME ZONE 'UTC'")
        return [one for (one,) in ask(text.as_bytes(None), [packed(kind, sent)])]
