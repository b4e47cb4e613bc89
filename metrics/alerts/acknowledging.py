"""Note that somebody has seen an alert."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.alerts.models import Acknowledgement, Alert


def acknowledge(alert: Alert, *, by: User, until: date | None) -> None:
    """Keep who has seen an alert, and until when nobody is to be reminded; None until it clears."""
    Acknowledgement(
        organization_id=alert.organization_id, alert_id=alert.id, by=by, at=clock.now(), until=until
    ).save(force_insert=True)
    record("alert.acknowledged", actor=by, subject=str(alert.id), rule=alert.rule)


def acknowledgements(organization_id: UUID, alerts: Sequence[UUID]) -> dict[UUID, Acknowledgement]:
    """Return the latest acknowledgement of each alert that has one."""
    found = Acknowledgement.objects.filter(organization_id=organization_id, alert_id__in=alerts)
    return {one.alert_id: one for one in found.select_related("by").order_by("at")}
