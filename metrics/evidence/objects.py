"""A mirrored object by its id alone: in whichever table it lies, by one statement."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from billing_sync import models
from billing_sync.payload import JsonObject, read_payload
from billing_sync.personal import DESCRIBED
from metrics.evidence.pages import fetched

TABLES: tuple[type[models.Mirrored], ...] = (
    models.Customer,
    models.Subscription,
    models.SubscriptionSchedule,
    models.Invoice,
    models.InvoiceItem,
    models.InvoicePayment,
    models.Charge,
    models.Refund,
    models.CreditNote,
    models.Price,
    models.Product,
    models.Coupon,
    models.PromotionCode,
    models.TaxRate,
    models.Dispute,
    models.PaymentMethod,
    models.BalanceTransaction,
    models.Event,
)
FOUND = (
    "SELECT '{name}', payload, api_version, fetched_at, deleted_at FROM {table} "
    "WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND stripe_id = %(id)s"
)
MASK = "•••"


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the mirror keeps it: without a payer's personal data."""

    kind: str
    payload: JsonObject
    api_version: str
    fetched_at: datetime
    deleted_at: datetime | None


def stored_objects(organization_id: UUID, connection_id: UUID, stripe_id: str) -> list[Stored]:
    """Return every object of that id; a product and a coupon may share one."""
    statement = " UNION ALL ".join(
        FOUND.format(name=model._meta.verbose_name, table=model._meta.db_table) for model in TABLES
    )
    bound = {"organization": organization_id, "connection": connection_id, "id": stripe_id}
    return [
        Stored(str(kind), read_payload(payload), version, fetched_at, deleted_at)
        for kind, payload, version, fetched_at, deleted_at in fetched(statement, bound)
    ]


def masked(value: Any) -> Any:
    """Return the object with the descriptions of invoice lines hidden: sellers write names into them."""
    if isinstance(value, list):
        return [masked(one) for one in value]
    if not isinstance(value, dict):
        return value
    described = value.get("object") in DESCRIBED
    return {
        key: MASK if described and key == "description" and part else masked(part)
        for key, part in value.items()
    }


def line_of(value: JsonObject, line_id: str) -> JsonObject | None:
    """Return one line of an invoice's payload."""
    lines = (value.get("lines") or {}).get("data") or []
    return next((line for line in lines if line.get("id") == line_id), None)
