"""No statement of the app role reaches another organization's row, and without an organization each fails."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from accounts.models import Organization
from accounts.tenancy import tenant
from tests.accounts.isolation.everywhere import plant_everywhere, tenants_models
from tests.cast import Person

READ = "SELECT * FROM {table}"
COUNT = "SELECT count(*) FROM {table} WHERE organization_id = {theirs}"
# What another organization's row would be looked for by, and written through.
TRIED = (
    READ,
    COUNT,
    "SELECT 1 FROM {table} WHERE organization_id = {theirs} FOR UPDATE",
    "UPDATE {table} SET organization_id = organization_id",
    "UPDATE {table} SET organization_id = {ours} WHERE organization_id = {theirs}",
    "DELETE FROM {table} WHERE organization_id = {theirs}",
)
INSERT_ONLY = {"accounts_auditentry"}


def tried(statement: str, table: str, ours: Organization, theirs: Organization) -> sql.Composed:
    values = {"ours": sql.Literal(ours.id), "theirs": sql.Literal(theirs.id)}
    return sql.SQL(statement).format(table=sql.Identifier(table), **values)


def reached(statement: sql.Composed) -> int:
    """Run a statement, and return how many rows of others it found or wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        return sum(row != (0,) for row in rows) if cursor.description else max(cursor.rowcount, 0)


@pytest.fixture
def tables(organization: Organization, other_organization: Organization, other_owner: Person) -> list[str]:
    assert len(plant_everywhere(other_organization)) >= 200
    return sorted(model._meta.db_table for model in tenants_models())


def test_nobody_reaches_another_organization_s_row_in_any_table(
    tables: list[str],
    organization: Organization,
    other_organization: Organization,
    record_property: Callable[[str, object], None],
) -> None:
    attempts = 0
    for table in tables:
        for statement in TRIED:
            if table in INSERT_ONLY and not statement.startswith("SELECT"):
                continue
            with tenant(organization.id):
                wanted = tried(statement, table, organization, other_organization)
                if "FOR UPDATE" in statement and table in INSERT_ONLY:
                    continue
                assert reached(wanted) == 0, wanted.as_string()
                attempts += 1
        forged = f"INSERT INTO {{table}} (organization_id) VALUES ({{theirs}}) -- {table}"
        with pytest.raises(DatabaseError, match="row-level security"), tenant(organization.id):
            reached(tried(forged, table, organization, other_organization))
        with tenant(other_organization.id):
            assert reached(tried(READ, table, organization, other_organization)) >= 1, table
    record_property("tables", len(tables))
    record_property("attempts", attempts + len(tables))
    assert attempts >= 5 * len(tables)


def test_without_an_organization_no_table_answers_with_no_rows(
    tables: list[str], organization: Organization, other_organization: Organization
) -> None:
    insert = "INSERT INTO {table} (organization_id) VALUES ({theirs})"
    for table in tables:
        for statement in (READ, COUNT, insert, *TRIED[3:]):
            with pytest.raises(DatabaseError) as refused, transaction.atomic():
                reached(tried(statement, table, organization, other_organization))
            told = str(refused.value)
            assert "app.organization_id" in told or "type uuid" in told or "permission denied" in told, told


def test_no_other_setting_of_a_session_opens_a_table(
    tables: list[str], organization: Organization, other_organization: Organization
) -> None:
    refused: list[Any] = []
    for statement in (
        "SET row_security = off",
        "SET ROLE millrace_owner",
        "SET SESSION AUTHORIZATION millrace_owner",
        "ALTER TABLE accounts_auditentry DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON accounts_auditentry",
        "TRUNCATE accounts_auditentry",
        "COPY accounts_auditentry TO PROGRAM 'cat'",
        "CREATE FUNCTION leak() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    ):
        try:
            with tenant(organization.id), connection.cursor() as cursor:
                cursor.execute(statement)
                cursor.execute("SELECT count(*) FROM accounts_auditentry")
                assert cursor.fetchone() == (0,)
        except DatabaseError:
            refused.append(statement)
    assert len(refused) == 8
