"""Read customers' countries out of what Stripe told of them, once for every time that it told."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from billing_sync.payload import JsonObject, read_payload
from metrics.build.load import fetch
from metrics.build.write import execute

CHANGED = """
SELECT payer.customer_id, payer.fields, payer.fetched_at FROM billing_sync_payer AS payer
LEFT JOIN metrics_customercountry AS home ON home.organization_id = payer.organization_id
    AND home.connection_id = payer.connection_id AND home.customer_id = payer.customer_id
WHERE payer.organization_id = %s AND payer.connection_id = %s AND payer.customer_id = ANY(%s)
  AND home.fetched_at IS DISTINCT FROM payer.fetched_at
"""
WRITE = """
INSERT INTO metrics_customercountry (organization_id, connection_id, customer_id, country, fetched_at)
SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT (organization_id, connection_id, customer_id)
DO UPDATE SET country = excluded.country, fetched_at = excluded.fetched_at
"""
FORGET = """
DELETE FROM metrics_customercountry AS home
WHERE organization_id = %s AND connection_id = %s AND customer_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM billing_sync_payer AS payer WHERE payer.organization_id = home.organization_id
      AND payer.connection_id = home.connection_id AND payer.customer_id = home.customer_id
)
"""

DROP_OTHERS = "DELETE FROM metrics_customercountry WHERE organization_id = %s AND connection_id <> ALL(%s)"


def begin(organization_id: UUID, connection_ids: Sequence[UUID]) -> None:
    """Forget the countries of accounts that are not shown any more."""
    execute(DROP_OTHERS, (organization_id, list(connection_ids)))


def refresh(organization_id: UUID, connection_id: UUID, names: Sequence[str]) -> None:
    """Bring some customers' countries up to what is known of them as people."""
    if not names:
        return
    key = (organization_id, connection_id)
    execute(FORGET, (*key, list(names)))
    found = [
        (name, country_of(read_payload(fields)) if fields else "", at)
        for name, fields, at in fetch(CHANGED, (*key, list(names)))
    ]
    if found:
        execute(WRITE, (*key, *map(list, zip(*found, strict=True))))


def country_of(fields: JsonObject) -> str:
    """Return the country of a customer's address, else of where things are sent; nothing without either."""
    shipping = fields.get("shipping")
    for holder in (fields, shipping if isinstance(shipping, dict) else {}):
        address: Any = holder.get("address")
        country = address.get("country") if isinstance(address, dict) else None
        if isinstance(country, str) and len(country) == 2 and country.isascii() and country.isalpha():
            return country.upper()
    return ""
