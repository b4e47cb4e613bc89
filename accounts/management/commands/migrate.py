"""Django's migrate, run as the owner role, with the app role's rights granted."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.catalogue import DEFINER_FUNCTIONS
from accounts.migrating import Executor

OWNER = "owner"
INSERT_ONLY = ("accounts_auditentry",)


# Django's command asks nobody which executor to take.
vars(migrate)["MigrationExecutor"] = Executor


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER)

    def handle(self, *args: Any, **options: Any) -> str | None:
        if options["database"] != OWNER:
            return super().handle(*args, **options)
        refuse_shared_role()
        result = super().handle(*args, **options)
        grant_app_role()
        return result


def refuse_shared_role() -> None:
    """Raise where one role would be owner and app: bounding the app would take the owner's own rights."""
    owner, app = (settings.DATABASES[alias].get("USER") for alias in (OWNER, "default"))
    if owner == app:
        raise CommandError(
            f"The database role of DATABASE_URL could see past row level security: {owner} is the role of "
            "DATABASE_OWNER_URL too. Give DATABASE_URL a plain role that owns nothing."
        )


def grant_app_role() -> None:
    """Let the app role use every table, and only that: no table is its own, none can be truncated."""
    app = sql.Identifier(settings.DATABASES["default"]["USER"])
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(app),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(app),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(app),
    ]
    with connections[OWNER].cursor() as cursor:
        present = set(connections[OWNER].introspection.table_names(cursor))
        statements += [
            sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), app)
            for table in INSERT_ONLY
            if table in present
        ]
        statements += [
            sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.Identifier(name), app)
            for name in functions(cursor)
        ]
        for statement in statements:
            cursor.execute(statement)


def functions(cursor: CursorWrapper) -> list[str]:
    """Return the names of the functions that act by the owner's rights, as far as they are there."""
    cursor.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = ANY(%s)",
        [list(DEFINER_FUNCTIONS)],
    )
    return [name for (name,) in cursor.fetchall()]
