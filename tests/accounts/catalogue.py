"""Read the live catalogue and say what would let a row reach another organization."""

from typing import Any

import psycopg
from django.apps import apps

from accounts.catalogue import DEFINER_FUNCTIONS, GLOBAL_TABLES
from accounts.models import TenantModel

Connection = psycopg.Connection[tuple[Any, ...]]
POLICY = (
    "(organization_id = ( SELECT (current_setting('app.organization_id'::text))::uuid AS current_setting))"
)
OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"


def faults(connection: Connection, app_role: str) -> list[str]:
    """Return a sentence for everything that the gate forbids."""
    present = tables(connection)
    tenants = present - GLOBAL_TABLES.keys()
    return [
        *model_faults(present),
        *(fault for table in sorted(tenants) for fault in table_faults(connection, table)),
        *key_faults(connection, tenants),
        *object_faults(connection),
        *role_faults(connection, app_role),
    ]


def tables(connection: Connection) -> set[str]:
    """Return every table, partitions and foreign tables too, wherever it stands."""
    found = connection.execute(
        f"SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname"
        f" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relkind IN ('r', 'p', 'f') AND {OURS}"
    )
    return {name for (name,) in found}


def model_faults(present: set[str]) -> list[str]:
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    known = models.keys() | {"django_migrations"}
    return [
        *(f"{name} has no model" for name in sorted(present - known)),
        *(f"{name} has a model and no table" for name in sorted(models.keys() - present)),
        *(
            f"{name} is listed as global and does not exist"
            for name in sorted(GLOBAL_TABLES.keys() - present)
        ),
        *(
            f"{name} is neither a tenant's nor on the global list"
            for name, model in sorted(models.items())
            if issubclass(model, TenantModel) == (name in GLOBAL_TABLES)
        ),
    ]


def table_faults(connection: Connection, table: str) -> list[str]:
    row = connection.execute(
        "SELECT c.relrowsecurity, c.relforcerowsecurity, a.attnotnull, format_type(a.atttypid, NULL)"
        " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
        " WHERE c.oid = %s::regclass",
        [table],
    ).fetchone()
    assert row is not None
    enabled, forced, not_null, kind = row
    policies = connection.execute(
        "SELECT permissive, cmd, roles::text, qual, with_check FROM pg_policies"
        # A restrictive policy can only take rows away from what the standard one lets through.
        " WHERE schemaname = 'public' AND tablename = %s AND permissive = 'PERMISSIVE'",
        [table],
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text FROM pg_index i LEFT JOIN pg_attribute a"
        " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = %s::regclass AND a.attname IS DISTINCT FROM 'organization_id'",
        [table],
    ).fetchall()
    checks = {
        "has no organization_id that is a NOT NULL uuid": (not_null, kind) != (True, "uuid"),
        "does not enable row level security": not enabled,
        "does not force row level security": not forced,
        "has other policies than the standard one": policies
        != [("PERMISSIVE", "ALL", "{public}", POLICY, POLICY)],
        "has no primary key": not has_primary_key(connection, table),
    }
    return [
        *(f"{table} {fault}" for fault, holds in checks.items() if holds),
        *(f"{table} has the index {name} that organization_id does not lead" for (name,) in indexes),
    ]


def has_primary_key(connection: Connection, table: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_index WHERE indrelid = %s::regclass AND indisprimary", [table]
    )
    return found.fetchone() is not None


def key_faults(connection: Connection, tenants: set[str]) -> list[str]:
    """Return the foreign keys that point into a tenant table without carrying the organization."""
    keys = connection.execute(
        "SELECT k.conname, k.conrelid::regclass::text, k.confrelid::regclass::text,"
        " EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair(here, there)"
        "   JOIN pg_attribute h ON h.attrelid = k.conrelid AND h.attnum = pair.here"
        "   JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = pair.there"
        "   WHERE h.attname = 'organization_id' AND t.attname = 'organization_id')"
        " FROM pg_constraint k WHERE k.contype = 'f'"
    )
    return [
        f"{name} on {here} refers to {there} across organizations"
        for name, here, there, carried in keys
        if there in tenants and not (carried and here in tenants)
    ]


def object_faults(connection: Connection) -> list[str]:
    """Return the views, functions, triggers and rules that could see past a policy."""
    found = connection.execute(
        f"SELECT 'materialized view ' || c.relname FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND {OURS}"
        f" UNION ALL SELECT 'view without security_invoker ' || c.relname FROM pg_class c"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND {OURS}"
        f" AND NOT coalesce(c.reloptions @> ARRAY['security_invoker=true'], false)"
        f" UNION ALL SELECT 'security definer function ' || p.proname FROM pg_proc p"
        f" JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND {OURS}"
        f" UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal"
        f" UNION ALL SELECT 'rule ' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND {OURS}"
    )
    known = {f"security definer function {name}" for name in DEFINER_FUNCTIONS}
    return [name for (name,) in found if name not in known]


def role_faults(connection: Connection, app_role: str) -> list[str]:
    row = connection.execute(
        f"SELECT r.rolsuper OR r.rolbypassrls,"
        f" EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),"
        f" EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f"   WHERE c.relowner = r.oid AND {OURS})"
        f" OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = r.oid)"
        f" OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid AND {OURS}),"
        f" (SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f"   WHERE c.relkind IN ('r', 'p') AND {OURS}"
        f"   AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER')),"
        f" has_schema_privilege(r.oid, 'public', 'CREATE')"
        f" FROM pg_roles r WHERE r.rolname = %s".replace("pg\\_%", "pg\\_%%"),
        [app_role],
    ).fetchone()
    assert row is not None, f"There is no role {app_role}."
    bypasses, is_member, owns, too_much, creates = row
    checks = {
        "bypasses row level security": bypasses,
        "is a member of another role": is_member,
        "owns something": owns,
        f"may truncate or refer to {too_much}": too_much,
        "may create in the schema": creates,
    }
    return [f"the app role {fault}" for fault, holds in checks.items() if holds]
