"""When an organization is audited: after its night's comparisons with Stripe, at a minute of its own."""

import zlib
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import Organization
from accounts.tenancy import tenant
from config import clock
from metrics import queries
from metrics.alerts.notices import tell_drift
from metrics.auditing.auditing import audit
from metrics.auditing.models import AuditRun

STARTS, MINUTES = time(5), 90


def next_audit(zone: str, organization_id: UUID, after: datetime) -> datetime:
    """Return when an organization is next audited, spread over the early morning by its id."""
    place, spread = ZoneInfo(zone), timedelta(minutes=zlib.crc32(organization_id.bytes) % MINUTES)
    day = after.astimezone(place).date()
    at = datetime.combine(day, STARTS, tzinfo=place) + spread
    return at if at > after else datetime.combine(day + timedelta(days=1), STARTS, tzinfo=place) + spread


def step(organization_id: UUID) -> datetime:
    """Audit an organization if its time has come, tell what has drifted, and say when to come back."""
    zone, now = Organization.objects.values_list("time_zone", flat=True).get(id=organization_id), clock.now()
    at = next_audit(zone, organization_id, now)
    if _is_due(organization_id, at - timedelta(days=1), now):
        run = audit(organization_id)
        if run and run.differences:
            with tenant(organization_id):
                tell_drift(queries.shown(organization_id), run.id)
    return at


def latest(organization_id: UUID) -> AuditRun | None:
    """Return the last audit that came to its end; inside the tenant."""
    return AuditRun.objects.filter(organization_id=organization_id).order_by("-begun_at").first()


def _is_due(organization_id: UUID, last: datetime, now: datetime) -> bool:
    """Say whether the last night's audit has not been; the first of all waits for a night."""
    with tenant(organization_id):
        run = latest(organization_id)
    return run.begun_at < last if run else now - last < timedelta(hours=2)
