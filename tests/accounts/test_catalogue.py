"""Every table, key, view, function and role keeps organizations apart, and the gate would notice if not."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings

import billing_sync.privacy
import dashboards.privacy
import metrics.privacy
from accounts.rls import enable
from tests.accounts.catalogue import Connection, faults

APP = settings.DATABASES["default"]["USER"]
OWNER_OF_TABLE = (
    "CREATE TABLE leak (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id));"
)


@pytest.fixture
def catalogue(db: None) -> Iterator[Connection]:
    """Open the owner's connection, whose changes are rolled back."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        yield connection
        connection.rollback()


def test_nothing_in_the_database_reaches_across_organizations(catalogue: Connection) -> None:
    assert faults(catalogue, APP) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("CREATE TABLE leak (id int PRIMARY KEY)", "leak has no model"),
        ("CREATE SCHEMA aside CREATE TABLE leak (id int)", "aside.leak has no model"),
        ("CREATE TABLE leak (id int)", "has no organization_id that is a NOT NULL uuid"),
        (OWNER_OF_TABLE, "does not enable row level security"),
        (f"{OWNER_OF_TABLE} ALTER TABLE leak ENABLE ROW LEVEL SECURITY", "does not force"),
        (f"{OWNER_OF_TABLE} {enable('leak')}; CREATE POLICY b ON leak USING (true)", "other policies"),
        ("ALTER POLICY tenant ON accounts_outbox WITH CHECK (true)", "other policies"),
        ("ALTER TABLE accounts_outbox NO FORCE ROW LEVEL SECURITY", "accounts_outbox does not force"),
        ("ALTER TABLE accounts_outbox DROP CONSTRAINT accounts_outbox_pkey", "has no primary key"),
        (
            "ALTER TABLE accounts_outbox DROP CONSTRAINT accounts_outbox_pkey;"
            "ALTER TABLE accounts_outbox ALTER organization_id DROP NOT NULL",
            "NOT NULL",
        ),
        ("CREATE INDEX i ON accounts_outbox (id)", "the index i that organization_id does not lead"),
        ("CREATE UNIQUE INDEX i ON accounts_outbox ((id::text))", "the index i"),
        (
            "ALTER TABLE accounts_auditentry ADD outbox uuid; ALTER TABLE accounts_outbox ADD UNIQUE (id);"
            "ALTER TABLE accounts_auditentry"
            " ADD CONSTRAINT k FOREIGN KEY (outbox) REFERENCES accounts_outbox (id)",
            "k on accounts_auditentry refers to accounts_outbox across organizations",
        ),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1 AS one", "materialized view v"),
        ("CREATE VIEW v AS SELECT * FROM accounts_outbox", "view without security_invoker v"),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "security definer function f",
        ),
        (f"GRANT TRUNCATE ON accounts_outbox TO {APP}", "may truncate or refer to accounts_outbox"),
        (f"GRANT CREATE ON SCHEMA public TO {APP}", "may create in the schema"),
    ],
)
def test_the_gate_notices(catalogue: Connection, change: str, fault: str) -> None:
    catalogue.execute(change.encode())
    assert any(fault in found for found in faults(catalogue, APP))


def test_the_app_role_adds_to_the_audit_log_and_changes_nothing(catalogue: Connection) -> None:
    rights = catalogue.execute(
        "SELECT right_, has_table_privilege(%s, 'accounts_auditentry', right_)"
        " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_",
        [APP],
    )
    assert dict(rights.fetchall()) == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}


SHOWN_TO_ALL = {
    "billing_sync_connection": "the seller's own name, and no payer's data",
    "billing_sync_webhookdelivery": "bodies that no page shows",
    "dashboards_exportpiece": "found by its file alone, which is hidden where it names anybody",
    "metrics_cohortmember": "a country is a group of the cohorts",
    "metrics_customerchannel": "a channel that an admin chose to count by is a group of the payback",
    "metrics_customercountry": "a country is a group of the cohorts",
}


def test_every_place_of_personal_data_hides_it_from_who_may_not_see_payers(catalogue: Connection) -> None:
    modules = [billing_sync.privacy, metrics.privacy, dashboards.privacy]
    places = {place.table for module in modules for place in module.PLACES}
    found = catalogue.execute(
        "SELECT tablename FROM pg_policies WHERE policyname = 'payers' AND permissive = 'RESTRICTIVE'"
    )
    hidden = {name for (name,) in found}
    assert hidden >= places - SHOWN_TO_ALL.keys()
    assert places >= SHOWN_TO_ALL.keys()
    assert "dashboards_export" in hidden
