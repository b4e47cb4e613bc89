"""Who is told of an alert, its recovery and its going on: a row of the outbox in the same transaction."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from accounts.members import members_of
from accounts.models import Organization
from accounts.outbox import put
from metrics.alerts.models import Acknowledgement, Alert, MailPreference


def preferences(organization_id: UUID) -> Iterator[MailPreference]:
    """Yield what each member wants to be told, the defaults for one who never said."""
    organization = Organization(id=organization_id)
    said = {one.user_id: one for one in MailPreference.objects.filter(organization_id=organization_id)}
    for membership in members_of(organization):
        default = MailPreference(organization_id=organization_id, user_id=membership.user_id)
        yield said.get(membership.user_id, default)


def announce(alert: Alert) -> None:
    """Tell whoever wants alerts that one fired."""
    wanting = [one.user_id for one in preferences(alert.organization_id) if one.alerts]
    put(alert.organization_id, wanting, "alert", f"alert:{alert.id}")


def announce_recovery(alert: Alert) -> None:
    """Tell whoever wants recoveries that an alert has cleared."""
    wanting = [one.user_id for one in preferences(alert.organization_id) if one.recoveries]
    put(alert.organization_id, wanting, "recovery", f"recovery:{alert.id}")


def remind(alert: Alert, on: date) -> None:
    """Tell whoever asked for it that an alert goes on, unless someone has acknowledged it for now."""
    days = (on - alert.fired_on).days
    if days <= 0 or acknowledged(alert, on):
        return
    wanting = [
        one.user_id
        for one in preferences(alert.organization_id)
        if one.alerts and one.reminder_days and days % one.reminder_days == 0
    ]
    put(alert.organization_id, wanting, "reminder", f"reminder:{alert.id}:{on.isoformat()}")


def acknowledged(alert: Alert, on: date) -> bool:
    """Tell whether someone wants to hear nothing of an alert on a day."""
    said = Acknowledgement.objects.filter(organization_id=alert.organization_id, alert_id=alert.id)
    return any(one.until is None or on < one.until for one in said)
