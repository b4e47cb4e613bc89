"""Quiet hours: when a member's messages wait until."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.outbox import hold
from config import clock
from metrics import queries
from metrics.alerts.models import MailPreference


def quiet_until(wanted: MailPreference, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the end of the quiet hours that an instant lies in, None outside them; hours are local."""
    start, end = wanted.quiet_from, wanted.quiet_until
    if start is None or end is None or start == end:
        return None
    local = at.astimezone(zone)
    quiet = start <= local.hour < end if start < end else local.hour >= start or local.hour < end
    if not quiet:
        return None
    on = local.date() + timedelta(days=1) if local.hour >= end else local.date()
    return datetime.combine(on, time(end), zone).astimezone(UTC)


@hold
def quiet(organization_id: UUID, recipient_id: int) -> datetime | None:
    """Let a message that was late already wait for the end of its recipient's quiet hours."""
    said = MailPreference.objects.filter(organization_id=organization_id, user_id=recipient_id)
    wanted = said.exclude(quiet_from=None).first()
    return quiet_until(wanted, clock.now(), queries.shown(organization_id).zone) if wanted else None
