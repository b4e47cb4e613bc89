"""Customers' channels read out of their metadata, and cohorts summed by them; a job does both."""

from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.audit import record
from accounts.models import User
from accounts.tenancy import tenant
from billing_sync.payload import JsonObject, read_payload
from metrics.build.load import fetch
from metrics.build.write import execute
from metrics.payback.models import CustomerChannel, PaybackSettings
from metrics.payback.tables import LONGEST, channel_of

AT_ONCE = 2_000
CHANGED = """
SELECT payer.connection_id, payer.customer_id, payer.fields, payer.fetched_at
FROM billing_sync_payer AS payer
LEFT JOIN metrics_customerchannel AS known ON known.organization_id = payer.organization_id
    AND known.connection_id = payer.connection_id AND known.customer_id = payer.customer_id
WHERE payer.organization_id = %s AND known.fetched_at IS DISTINCT FROM payer.fetched_at
LIMIT %s
"""
WRITE = """
INSERT INTO metrics_customerchannel (organization_id, connection_id, customer_id, channel, fetched_at)
SELECT %s, * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
ON CONFLICT (organization_id, connection_id, customer_id)
DO UPDATE SET channel = excluded.channel, fetched_at = excluded.fetched_at
"""
FORGET = """
DELETE FROM metrics_customerchannel AS known WHERE organization_id = %s AND NOT EXISTS (
    SELECT FROM billing_sync_payer AS payer WHERE payer.organization_id = known.organization_id
      AND payer.connection_id = known.connection_id AND payer.customer_id = known.customer_id)
"""
CLEAR = "DELETE FROM metrics_channelcohort WHERE organization_id = %s"
SUM = """
INSERT INTO metrics_channelcohort (organization_id, currency, month, channel, base_micro, joined)
SELECT member.organization_id, member.currency, member.month, coalesce(known.channel, ''),
    sum(member.base_micro), count(*)
FROM metrics_cohortmember AS member
LEFT JOIN metrics_customerchannel AS known ON known.organization_id = member.organization_id
    AND known.connection_id = member.connection_id AND known.customer_id = member.customer_id
WHERE member.organization_id = %s GROUP BY 1, 2, 3, 4
"""


def settings_of(organization_id: UUID) -> PaybackSettings:
    """Return what an organization has set, unsaved where it has set nothing."""
    found = PaybackSettings.objects.filter(organization_id=organization_id).first()
    return found or PaybackSettings(organization_id=organization_id)


def choose(organization_id: UUID, channel_key: str, margin: int | None, *, by: User | None) -> bool:
    """Keep the key and the margin; return whether channels are to be read by another key."""
    before = settings_of(organization_id)
    PaybackSettings.objects.update_or_create(
        organization_id=organization_id, defaults={"channel_key": channel_key, "margin": margin}
    )
    said = {"channel_key": channel_key, "margin": "" if margin is None else str(margin)}
    record("payback.settings_changed", actor=by, **said)
    return before.channel_key != channel_key


def read(organization_id: UUID) -> None:
    """Read the channels of customers who changed, or all by a new key, and sum the cohorts anew."""
    with transaction.atomic(), tenant(organization_id):
        found = PaybackSettings.objects.filter(organization_id=organization_id).first()
        if found is None:
            return
        if found.read_key != found.channel_key:
            CustomerChannel.objects.filter(organization_id=organization_id).delete()
            found.read_key = found.channel_key
            found.save(update_fields=["read_key"])
        execute(FORGET, (organization_id,))
        execute(CLEAR, (organization_id,))
        if not found.channel_key:
            return
        while _read_some(organization_id, found.channel_key) == AT_ONCE:
            """There may be more."""
        execute(SUM, (organization_id,))


def _read_some(organization_id: UUID, key: str) -> int:
    rows = [
        (connection_id, customer_id, value_of(read_payload(fields) if fields else {}, key), fetched_at)
        for connection_id, customer_id, fields, fetched_at in fetch(CHANGED, (organization_id, AT_ONCE))
    ]
    if rows:
        execute(WRITE, (organization_id, *map(list, zip(*rows, strict=True))))
    return len(rows)


def value_of(fields: JsonObject, key: str) -> str:
    """Return the channel that a customer's metadata name; an address or a long text is none."""
    metadata: Any = fields.get("metadata")
    value = metadata.get(key) if isinstance(metadata, dict) else None
    channel = channel_of(value) if isinstance(value, str) else ""
    return channel if len(channel) <= LONGEST and "@" not in channel else ""
