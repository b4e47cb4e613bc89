"""Tenant tables can be spread over machines by organization: it leads every key that must be unique."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps

from accounts.models import TenantModel

KEYS = """
SELECT t.relname, i.relname, (
    SELECT array_agg(a.attname::text ORDER BY place)
    FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS part (number, place)
    LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = part.number
) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relname = ANY(%s) AND (x.indisunique OR x.indisexclusion)
"""


@pytest.fixture
def owner(db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def undistributed(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """Return the keys of tenant tables that the organization does not lead, and tables without a key."""
    tables = {one._meta.db_table for one in apps.get_models() if issubclass(one, TenantModel)}
    keys = connection.execute(KEYS, [sorted(tables)]).fetchall()
    led = {str(table) for table, _, columns in keys if isinstance(columns, list) and columns[0] == COLUMN}
    wrong = [str(key) for _, key, columns in keys if isinstance(columns, list) and columns[0] != COLUMN]
    return sorted([*wrong, *(tables - led)])


COLUMN = "organization_id"


def test_the_organization_leads_every_unique_key(owner: "psycopg.Connection[tuple[object, ...]]") -> None:
    assert undistributed(owner) == []


@pytest.mark.parametrize(
    "change",
    [
        "CREATE UNIQUE INDEX wrong ON metrics_segment (customer_id, organization_id)",
        "ALTER TABLE metrics_auditrun ADD CONSTRAINT wrong UNIQUE (id)",
        "CREATE UNIQUE INDEX wrong ON accounts_outbox ((id::text), organization_id)",
    ],
)
def test_another_unique_key_would_be_seen(
    owner: "psycopg.Connection[tuple[object, ...]]", change: str
) -> None:
    owner.execute(change.encode())
    assert undistributed(owner) == ["wrong"]
