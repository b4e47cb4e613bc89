"""Find the customers whose revenue a changed object may move, and mark them to be computed again."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from psycopg import sql

from accounts.pipeline import Road, tell
from billing_sync import models
from billing_sync.mirror import upsert
from billing_sync.resource import Resource, Touches

OWNED = (
    models.Subscription,
    models.SubscriptionSchedule,
    models.Invoice,
    models.InvoiceItem,
    models.Charge,
    models.Refund,
    models.CreditNote,
    models.Event,
)
EVERYONE = sql.SQL(
    "INSERT INTO {dirty} (organization_id, connection_id, customer_id, marked) "
    "SELECT organization_id, connection_id, {customer}, gen_random_uuid() FROM {table} "
    "WHERE organization_id = %s AND connection_id = %s AND {customer} <> '' GROUP BY 1, 2, 3 ORDER BY 3 "
    "ON CONFLICT DO NOTHING"
)


class Changed(NamedTuple):
    """Objects of one kind that are new or different, and whose they are, where their writing told."""

    resource: Resource
    ids: Sequence[str]
    owners: Collection[str] | None = None


def mark_touched(connection: models.Connection, changed: Iterable[Changed], road: Road) -> bool:
    """Mark the customers that these changed objects touch; say whether there are any."""
    found = {
        customer
        for one in changed
        if one.ids and one.resource.touches is not Touches.NOBODY
        for customer in _touched(connection, one)
        if customer
    }
    # One statement in one order: two transactions that mark the same customers cannot wait for each other.
    upsert.upsert_dirty(connection, [(customer, uuid.uuid4()) for customer in sorted(found)], road)
    return bool(found)


def mark_everyone(connection: models.Connection) -> None:
    """Mark every customer that the connection's mirror knows or names."""
    for model in (models.Customer, *OWNED):
        statement = EVERYONE.format(
            dirty=sql.Identifier(models.DirtyCustomer._meta.db_table),
            customer=sql.Identifier("stripe_id" if model is models.Customer else "customer_id"),
            table=sql.Identifier(model._meta.db_table),
        )
        tell(statement.as_bytes(None), [connection.organization_id, connection.id])


def _touched(connection: models.Connection, one: Changed) -> Iterable[str]:
    resource, changed, owners = one
    if resource.touches is Touches.ITSELF:
        return changed
    if resource.touches is Touches.ITS_CUSTOMER:
        return upsert.customers_of(connection, resource.table, changed) if owners is None else owners
    if resource.touches is Touches.ITS_INVOICE:
        payments = _of(connection, models.InvoicePayment).filter(stripe_id__in=changed)
        invoices = _of(connection, models.Invoice).filter(stripe_id__in=_ids(payments, "invoice_id"))
        return _ids(invoices, "customer_id")
    if resource.touches is Touches.ITS_CHARGE:
        refunds = _of(connection, models.Refund).filter(stripe_id__in=changed)
        charges = _of(connection, models.Charge).filter(stripe_id__in=_ids(refunds, "charge_id"))
        return [*_ids(refunds, "customer_id"), *_ids(charges, "customer_id")]
    naming = _of(connection, models.Subscription).filter(catalog_ids__overlap=list(changed))
    discounted = _of(connection, models.Customer).filter(catalog_ids__overlap=list(changed))
    return [*_ids(naming, "customer_id"), *_ids(discounted, "stripe_id")]


def _of(connection: models.Connection, model: type[models.Mirrored]) -> QuerySet[Any]:
    return model._default_manager.filter(
        organization_id=connection.organization_id, connection_id=connection.id
    )


def _ids(rows: QuerySet[Any], name: str) -> list[str]:
    return list(rows.values_list(name, flat=True))
