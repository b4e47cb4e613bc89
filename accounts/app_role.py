"""The database role of everything at run time, which row level security must bind."""

from django.conf import settings
from django.core.management.base import CommandError
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

POWERS = r"""
    SELECT current_user = %s,
           EXISTS (SELECT FROM pg_roles r
                    WHERE (r.rolsuper OR r.rolbypassrls) AND pg_has_role(current_user, r.oid, 'MEMBER')),
           (SELECT min(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname NOT LIKE 'pg\_%%' AND n.nspname <> 'information_schema'
               AND pg_has_role(current_user, c.relowner, 'MEMBER')),
           nullif(current_setting('app.organization_id', true), '') IS NOT NULL
"""


class UnsafeRoleError(CommandError):
    """Raised at a process's first connection if its role could see past row level security."""


def refuse_unsafe_role(connection: BaseDatabaseWrapper) -> None:
    """Raise unless the connection's role is bound: not the owner, owns nothing, bypasses nothing."""
    with connection.cursor() as cursor:
        cursor.execute(POWERS, [settings.DATABASES["owner"].get("USER", "")])
        is_owner, bypasses, owned, preset = cursor.fetchone()
    reasons = {
        "it is the role of DATABASE_OWNER_URL": is_owner,
        "it is a superuser or has BYPASSRLS, or is a member of such a role": bypasses,
        f"it owns {owned}, or is a member of its owner": owned,
        "it presets app.organization_id": preset,
    }
    found = "; ".join(reason for reason, holds in reasons.items() if holds)
    if found:
        raise UnsafeRoleError(
            f"The database role of DATABASE_URL could see past row level security: {found}. "
            "Give DATABASE_URL a plain role that owns nothing."
        )


def refuse_unsafe_start() -> None:
    """Connect once, so that web and worker stop at their start; a database that is away is not a reason."""
    connection = connections["default"].copy()
    connection.settings_dict["OPTIONS"]["pool"] = False
    try:
        connection.ensure_connection()
    except UnsafeRoleError as error:
        raise SystemExit(str(error)) from None
    except OperationalError:
        return
    finally:
        connection.close()
