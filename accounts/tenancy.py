"""The only place that sets the database's tenant; row level security does the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction


class WrongTenantError(RuntimeError):
    """Raised where work for one organization would start inside another's transaction."""


def set_tenant(organization_id: UUID | None) -> None:
    """Set the tenant for the rest of the transaction in progress; None blanks it, and queries raise."""
    if not connection.in_atomic_block:
        raise WrongTenantError("The tenant is set inside a transaction only.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.organization_id', %s, true)",
            [str(organization_id) if organization_id else ""],
        )


def current_organization_id() -> UUID | None:
    """Return the tenant of the transaction in progress, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting('app.organization_id', true), '')")
        (value,) = cursor.fetchone()
    return UUID(value) if value else None


@contextmanager
def tenant(organization_id: UUID) -> Iterator[None]:
    """Open a transaction that sees and writes one organization's rows, and leave no tenant behind."""
    if connection.in_atomic_block:
        present = current_organization_id()
        if present not in (None, organization_id):
            raise WrongTenantError(f"Inside {present}, asked for {organization_id}.")
    else:
        present = None
    with transaction.atomic():
        set_tenant(organization_id)
        yield
        set_tenant(present)
