"""Erase one payer: her personal data goes from everywhere at once, and her digest keeps it away."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection as database
from psycopg import sql

from accounts.audit import record
from accounts.models import Organization, User
from accounts.privacy import ledger
from accounts.privacy.erasing import ErasedPayer, erase_everywhere, words_of
from accounts.privacy.places import payer_digest
from accounts.tenancy import tenant
from billing_sync.mirror.erased import DESCRIBED, NOTHING, hold_alone
from billing_sync.models import Customer, Erasure, Payer, SetAside, WebhookDelivery
from billing_sync.payload import JsonObject, canonical, decode_object, read_payload, write_payload
from billing_sync.personal import event_without_personal, undescribed
from config.clock import now

AT_ONCE = 1_000
# The fields of a customer that are hers by themselves; a city or a country is many people's.
OWN = ("name", "email", "phone", "description", "business_name", "individual_name")
REWRITE = sql.SQL(
    "UPDATE {table} AS kept SET payload = given.payload FROM unnest(%s::text[], %s::bytea[]) "
    "AS given (stripe_id, payload) WHERE organization_id = %s AND connection_id = %s "
    "AND kept.stripe_id = given.stripe_id"
)
NAMING = """
SELECT id, body FROM billing_sync_webhookdelivery
WHERE organization_id = %s AND body <> '' AND position(%s::bytea IN body) > 0
"""


def known_payers(organization_id: UUID, customer_id: str) -> list[Payer]:
    """Return what is kept of a payer, once for each account that has her id."""
    return list(Payer.objects.filter(organization_id=organization_id, customer_id=customer_id))


def is_known(organization_id: UUID, customer_id: str) -> bool:
    """Say whether any account here has, or had, this customer."""
    ours = {"organization_id": organization_id}
    customers = Customer.objects.filter(**ours, stripe_id=customer_id)
    return customers.exists() or bool(known_payers(organization_id, customer_id))


def is_erased(organization_id: UUID, customer_id: str) -> bool:
    """Say whether a payer was erased."""
    digest = payer_digest(organization_id, customer_id)
    return Erasure.objects.filter(organization_id=organization_id, digest=digest).exists()


def erase(organization_id: UUID, customer_id: str, *, by: User | None) -> dict[str, int]:
    """Erase a payer in the transaction and tenant in progress; return the rows changed in each place.

    Erasing her again is harmless, and finds what a file or a note has told of her since.
    """
    payer = ErasedPayer(organization_id, customer_id, _words(organization_id, customer_id))
    digest = payer_digest(organization_id, customer_id)
    # The mirror comes last: whoever writes it waits from here on.
    changed = erase_everywhere(payer)
    hold_alone(organization_id)
    Erasure.objects.get_or_create(organization_id=organization_id, digest=digest, defaults={"at": now()})
    ledger.note(ledger.PAYER, digest, organization_id=organization_id)
    changed |= {"payer": blank(payer), "described": undescribe(payer), "waiting": clean_waiting(payer)}
    record("payer.erased", actor=by, subject=customer_id, rows=sum(changed.values()))
    return changed


def erase_remembered(organization_id: UUID, digests: Iterable[bytes]) -> int:
    """Erase again whom a restored copy brought back; return how many of them it knew."""
    wanted = set(digests)
    for digest in wanted:
        Erasure.objects.get_or_create(organization_id=organization_id, digest=digest, defaults={"at": now()})
    ours = Payer.objects.filter(organization_id=organization_id).values_list("customer_id", flat=True)
    found = {one for one in ours.iterator(AT_ONCE) if payer_digest(organization_id, one) in wanted}
    for customer_id in sorted(found):
        erase(organization_id, customer_id, by=None)
    return len(found)


@ledger.replaying(ledger.PAYER)
def erase_again(lines: Sequence[ledger.Line]) -> int:
    """Erase the payers whom a restored copy brought back."""
    by_organization: dict[UUID, set[bytes]] = {}
    for one in lines:
        by_organization.setdefault(UUID(one.organization_id), set()).add(bytes.fromhex(one.digest))
    back = 0
    for organization in Organization.objects.filter(id__in=by_organization):
        with tenant(organization.id):
            back += erase_remembered(organization.id, by_organization[organization.id])
    return back


def _words(organization_id: UUID, customer_id: str) -> tuple[str, ...]:
    """Return the words that mean this payer alone: those of another are that one's too."""
    values: list[object] = []
    for payer in known_payers(organization_id, customer_id):
        values += [payer.name, payer.email, *_texts(read_payload(payer.fields))]
    words = words_of(values)
    others = Payer.objects.filter(organization_id=organization_id).exclude(customer_id=customer_id)
    shared = {
        word
        for column in ("name_lower", "email_lower")
        for word in others.filter(**{f"{column}__in": words}).values_list(column, flat=True)
    }
    return tuple(word for word in words if word not in shared)


def _texts(fields: JsonObject) -> Iterator[object]:
    """Give what of a customer's fields is looked for elsewhere."""
    for part in (fields, fields.get("shipping")):
        if isinstance(part, dict):
            yield from (part.get(name) for name in OWN)
            address = part.get("address")
            yield address.get("line1") if isinstance(address, dict) else None
    metadata = fields.get("metadata")
    yield from (one for one in metadata.values() if _tells(one)) if isinstance(metadata, dict) else ()


def _tells(value: object) -> bool:
    """Say whether a value of metadata can be hers alone: an address or several words, not "gold" or "17"."""
    return isinstance(value, str) and ("@" in value or " " in value.strip())


def blank(payer: ErasedPayer) -> int:
    """Leave of a payer her id alone."""
    mine = Payer.objects.filter(organization_id=payer.organization_id, customer_id=payer.customer_id)
    return mine.update(name="", email="", fields=NOTHING)


def undescribe(payer: ErasedPayer) -> int:
    """Take the sellers' words out of her invoices, credit notes and events."""
    changed = 0
    ours: dict[str, Any] = {"organization_id": payer.organization_id, "customer_id": payer.customer_id}
    for resource in DESCRIBED:
        rows = resource.model._default_manager.filter(**ours).values_list(
            "connection_id", "stripe_id", "payload"
        )
        rewritten: dict[UUID, list[tuple[str, bytes]]] = {}
        for connection_id, stripe_id, payload in rows.iterator(AT_ONCE):
            before = read_payload(payload)
            after = undescribed(before)
            if after != before:
                rewritten.setdefault(connection_id, []).append((stripe_id, write_payload(after)))
        for connection_id, some in rewritten.items():
            changed += _rewrite(resource.table, payer.organization_id, connection_id, some)
    return changed + _undescribe_aside(payer)


def _undescribe_aside(payer: ErasedPayer) -> int:
    """Take the sellers' words out of what could not be used, whoever it is about: few, and of no use."""
    changed = 0
    aside = SetAside.objects.filter(organization_id=payer.organization_id, payload__isnull=False)
    for one in aside.iterator(AT_ONCE):
        before = read_payload(one.payload or b"")
        after = undescribed(before)
        if after != before:
            one.payload = write_payload(after)
            one.save(update_fields=["payload"])
            changed += 1
    return changed


def _rewrite(table: str, organization_id: UUID, connection_id: UUID, rows: list[tuple[str, bytes]]) -> int:
    ids, payloads = zip(*rows, strict=True)
    bound: list[Any] = [list(ids), list(payloads), organization_id, connection_id]
    with database.cursor() as cursor:
        cursor.execute(REWRITE.format(table=sql.Identifier(table)), bound)
        return int(cursor.rowcount)


def clean_waiting(payer: ErasedPayer) -> int:
    """Take what is personal out of webhooks that name her and wait; one that cannot be read is dropped."""
    with database.cursor() as cursor:
        cursor.execute(NAMING, [payer.organization_id, payer.customer_id.encode()])
        found = cursor.fetchall()
    for identity, body in found:
        row = WebhookDelivery.objects.filter(organization_id=payer.organization_id, id=identity)
        try:
            event = undescribed(event_without_personal(decode_object(bytes(body))))
        except (ValueError, RecursionError):
            row.delete()
        else:
            row.update(body=canonical(event))
    return len(found)
