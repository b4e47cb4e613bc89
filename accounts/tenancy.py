"""The only place that sets the database's tenant, and whether it shows payers; policies do the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Func, TextField
from django.db.models.functions import Cast

from accounts.pipeline import Road, ask

if TYPE_CHECKING:
    from adbc_driver_postgresql import dbapi

SET_TENANT = "SELECT set_config('app.organization_id', %s, true)"
# Of a row that a statement finds, for the rest of the transaction in progress; where it finds none, none.
ENTERED = Func(
    Cast("organization_id", TextField()),
    function="set_config",
    template="%(function)s('app.organization_id', %(expressions)s, true)",
)
LIBPQ = (
    "dbname",
    "host",
    "port",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
)


class WrongTenantError(RuntimeError):
    """Raised where work for one organization would start inside another's transaction."""


def set_tenant(organization_id: UUID | None) -> None:
    """Set the tenant for the rest of the transaction in progress; None blanks it, and queries raise."""
    if not connection.in_atomic_block:
        raise WrongTenantError("The tenant is set inside a transaction only.")
    # Not prepared: a pooler may give each transaction of a web process another session.
    ask(SET_TENANT, [str(organization_id) if organization_id else ""], prepare=False)


def hide_payers() -> None:
    """Let the rest of the transaction in progress see no personal data of payers, nested tenants too."""
    if not connection.in_atomic_block:
        raise WrongTenantError("Payers are hidden inside a transaction only.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.payers', 'hidden', true)")


def current_organization_id() -> UUID | None:
    """Return the tenant of the transaction in progress, or None."""
    ((value,),) = ask("SELECT nullif(current_setting('app.organization_id', true), '')", prepare=False)
    return UUID(value) if value else None


def blank_tenant() -> None:
    """Leave no tenant on the connection between two units of work; a query then raises."""
    if connection.in_atomic_block:
        raise WrongTenantError("The unit of work before left its transaction open.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization_id', '', false)")


@contextmanager
def tenant(organization_id: UUID) -> Iterator[None]:
    """Open a transaction that sees and writes one organization's rows, and leave no tenant behind.

    An exception rolls back, and with the rows PostgreSQL restores the tenant that was set before.
    """
    nested = connection.in_atomic_block
    present = current_organization_id() if nested else None
    if present not in (None, organization_id):
        raise WrongTenantError(f"Inside {present}, asked for {organization_id}.")
    with transaction.atomic():
        set_tenant(organization_id)
        yield
        if nested:
            set_tenant(present)


@contextmanager
def tenant_road(organization_id: UUID) -> Iterator[Road]:
    """Do as `tenant` does, with no round trips of its own: it begins and is committed on the way.

    The block sends its statements, and lets the road travel where it needs answers before its end.
    """
    if connection.in_atomic_block:
        with tenant(organization_id):
            road = Road()
            yield road
            road.travel()
        return
    with transaction.atomic():
        road = Road()
        road.send(SET_TENANT, [str(organization_id)], prepare=False)
        yield road
        # The driver finds the transaction ended, and Django goes on as after a commit of its own.
        road.travel(commits=True)


@contextmanager
def tenant_trip(organization_id: UUID) -> Iterator[Road]:
    """Do as `tenant_road` does where one round trip is all: PostgreSQL makes that a transaction by itself.

    The block sends its statements and does nothing else: they run, all or none of them, at its end.
    """
    if connection.in_atomic_block:
        with tenant_road(organization_id) as road:
            yield road
        return
    connection.close_if_health_check_failed()
    road = Road()
    road.send(SET_TENANT, [str(organization_id)], prepare=False)
    yield road
    road.travel()


@contextmanager
def adbc(organization_id: UUID) -> Iterator["dbapi.Connection"]:
    """Open a second connection for bulk reads, in a tenant transaction of its own that is never committed.

    It sees committed rows only.
    """
    # It weighs 50 MB and a second of a start: only those that read in bulk bear them.
    driver = import_module("adbc_driver_postgresql.dbapi")
    with driver.connect(_uri(), autocommit=False) as bulk:
        with bulk.cursor() as cursor:
            cursor.execute("SELECT set_config('app.organization_id', $1, true)", [str(organization_id)])
            cursor.fetchall()
        try:
            yield bulk
        finally:
            bulk.rollback()


def _uri() -> str:
    """Return libpq's URI of the app role, with every connection option of the settings but the pool's."""
    parameters = connection.get_connection_params()
    wanted = {name: parameters[name] for name in LIBPQ if parameters.get(name)}
    return "postgresql:///?" + urlencode(wanted, quote_via=quote)
