"""Keep the personal data of erased payers out, in the transaction that writes what Stripe said again.

Writers share a lock that an erasure holds alone: a page either sees the erasure or is seen by it.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from accounts.pipeline import ask, together
from accounts.privacy.places import payer_digest
from billing_sync.mirror.arrays import packed
from billing_sync.mirror.drafts import PAYLOAD, Draft
from billing_sync.mirror.upsert import KEPT, Row
from billing_sync.models import Connection
from billing_sync.payload import read_payload, write_payload
from billing_sync.personal import undescribed
from billing_sync.resource import Resource
from billing_sync.resources import CREDIT_NOTES, CUSTOMERS, EVENTS, INVOICE_ITEMS, INVOICES

# What a seller writes into an invoice's lines is the one free text kept outside of Payer.
DESCRIBED = (INVOICES, INVOICE_ITEMS, CREDIT_NOTES, EVENTS)
SHARE = "SELECT pg_advisory_xact_lock_shared(%s)"
ALONE = "SELECT pg_advisory_xact_lock(%s)"
ANYBODY = "SELECT 1 FROM billing_sync_erasure WHERE organization_id = %s LIMIT 1"
AMONG = "SELECT digest FROM billing_sync_erasure WHERE organization_id = %s AND digest = ANY(%b::bytea[])"
NOTHING = write_payload({})


def hold_alone(organization_id: UUID) -> None:
    """Wait until nobody writes what Stripe said, and let nobody begin before the transaction ends."""
    ask(ALONE, [_key(organization_id)])


def erased_among(organization_id: UUID, customers: Iterable[str]) -> set[str]:
    """Return who of some customers was erased; nobody can be until the transaction ends."""
    named = [customer for customer in customers if customer]
    if not named:
        return set()
    with together() as road:
        road.send(SHARE, [_key(organization_id)])
        known = road.send(ANYBODY, [organization_id])
    # Most organizations never erase anybody, and pay no more than this.
    if known.fetchone() is None:
        return set()
    digests = {payer_digest(organization_id, customer): customer for customer in named}
    found = ask(AMONG, [organization_id, packed("bytea", list(digests))])
    return {digests[bytes(digest)] for (digest,) in found}


def without_erased(connection: Connection, resource: Resource, drafts: Sequence[Draft]) -> None:
    """Blank in drafts what is personal of payers who were erased."""
    if resource is not CUSTOMERS and resource not in DESCRIBED:
        return
    place = _place(resource)
    erased = erased_among(connection.organization_id, {one.row[place] for one in drafts})
    if not erased:
        return
    for one in (one for one in drafts if one.row[place] in erased):
        if one.payer is not None:
            one.payer = blank_payer(one.payer)
        if resource in DESCRIBED:
            one.row = _undescribed(one.row)


def blank_payer(payer: Row) -> list[Any]:
    """Return the row of a payer with nothing of her but her id."""
    customer_id, *_personal, fetched_at = payer
    return [customer_id, "", "", NOTHING, fetched_at]


def _undescribed(row: Row) -> list[Any]:
    payload = write_payload(undescribed(read_payload(row[PAYLOAD])))
    return [*row[:PAYLOAD], payload, *row[PAYLOAD + 1 :]]


def _place(resource: Resource) -> int:
    """Return where a row names its customer."""
    if resource is CUSTOMERS:
        return 0
    return len(KEPT) + [column.name for column in resource.columns].index("customer_id")


@lru_cache(maxsize=1_000)
def _key(organization_id: UUID) -> int:
    name = blake2b(f"erasures of {organization_id}".encode(), digest_size=8)
    return int.from_bytes(name.digest(), signed=True)
