"""Delete what is stored of one connection, some rows at a time, so that no transaction grows long."""

from django.apps import apps
from django.db import connection as database
from psycopg import sql

from accounts.models import TenantModel
from billing_sync.models import Connection, ListRange, SyncCursor

# By ctid, whatever a table's key is; rows that move meanwhile are found in the next slice.
DELETE = sql.SQL(
    "DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} "
    "WHERE organization_id = %s AND connection_id = %s LIMIT %s))"
)
# Cursors go first: a writer that has none left writes nothing.
FIRST = (SyncCursor, ListRange)


def tables() -> list[type[TenantModel]]:
    """Return every table with rows of a connection, in the order in which they are emptied."""
    found = [
        model
        for model in apps.get_app_config("billing_sync").get_models()
        if issubclass(model, TenantModel) and "connection_id" in {one.name for one in model._meta.fields}
    ]
    return [*FIRST, *(model for model in found if model not in FIRST)]


def forget(connection: Connection, most: int) -> int:
    """Delete at most so many rows of a connection inside its tenant; return how many there were."""
    gone = 0
    with database.cursor() as cursor:
        for model in tables():
            statement = DELETE.format(table=sql.Identifier(model._meta.db_table))
            cursor.execute(statement, [connection.organization_id, connection.id, most - gone])
            gone += cursor.rowcount
            if gone == most:
                break
    return gone
