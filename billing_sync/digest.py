"""One hash per table over its facts: equal mirrors give equal digests, in whatever order they were read.

A fact is named by natural keys (the account, Stripe's ids); our own ids and times of fetching are left out.
An app adds its tables with `register`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from uuid import UUID

import msgspec

from accounts.tenancy import tenant
from billing_sync.models import Connection, Payer, SetAside
from billing_sync.payload import read_payload
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS, MIRRORED

AT_ONCE = 2000
Row = tuple[object, ...]
Facts = Callable[[UUID], Iterable[Row]]
_tables: dict[str, Facts] = {}
_encode = msgspec.json.Encoder(order="sorted").encode


def register(table: str, facts: Facts) -> None:
    """Add a table: `facts(organization_id)` runs inside the tenant and yields its rows in any order."""
    if _tables.setdefault(table, facts) is not facts:
        raise ValueError(f"Two functions tell the facts of {table!r}.")


def digest(organization_id: UUID) -> list[tuple[str, str]]:
    """Return (table, hash) for every table, by name."""
    with tenant(organization_id):
        return [(table, _hash(facts(organization_id))) for table, facts in sorted(_tables.items())]


def connection_names(organization_id: UUID) -> dict[UUID, str]:
    """Return what to call each connection in a fact: its kind, account and mode."""
    found = Connection.objects.filter(organization_id=organization_id)
    return {one.id: f"{one.kind}:{one.account_id}:{one.livemode}" for one in found}


def _hash(rows: Iterable[Row]) -> str:
    total = hashlib.sha256()
    for one in sorted(hashlib.sha256(_encode(row)).digest() for row in rows):
        total.update(one)
    return total.hexdigest()


def _mirrored(resource: Resource, organization_id: UUID) -> Iterator[Row]:
    names = connection_names(organization_id)
    columns = [column.name for column in resource.columns]
    if resource is EVENTS:
        columns.append("position")
    rows = resource.model._default_manager.filter(organization_id=organization_id).values_list(
        "connection_id", "stripe_id", "created_at", "deleted_at", "api_version", "payload", *columns
    )
    for connection_id, stripe_id, made_at, deleted_at, version, payload, *typed in rows.iterator(AT_ONCE):
        facts = (stripe_id, made_at, deleted_at is not None, version, read_payload(payload))
        yield (names[connection_id], *facts, *typed)


def _payers(organization_id: UUID) -> Iterator[Row]:
    names = connection_names(organization_id)
    rows = Payer.objects.filter(organization_id=organization_id).values_list(
        "connection_id", "customer_id", "name", "email", "fields"
    )
    for connection_id, customer_id, name, email, fields in rows.iterator(AT_ONCE):
        yield (names[connection_id], customer_id, name, email, read_payload(fields))


def _set_aside(organization_id: UUID) -> Iterator[Row]:
    names = connection_names(organization_id)
    rows = SetAside.objects.filter(organization_id=organization_id).values_list(
        "connection_id", "resource", "stripe_id", "reason"
    )
    for connection_id, *facts in rows.iterator(AT_ONCE):
        yield (names[connection_id], *facts)


def _connections(organization_id: UUID) -> Iterator[Row]:
    for one in Connection.objects.filter(organization_id=organization_id):
        yield (one.kind, one.account_id, one.account_name, one.livemode, one.imported_at is not None)


for _resource in MIRRORED:
    register(_resource.table, partial(_mirrored, _resource))
register(Payer._meta.db_table, _payers)
register(SetAside._meta.db_table, _set_aside)
register(Connection._meta.db_table, _connections)
