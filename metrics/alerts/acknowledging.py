"""Note that somebody has seen an alert."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.alerts.models import Acknowledgement, Alert, AlertRules


@dataclass(frozen=True, slots=True)
class Seen:
    """Who has seen an alert, empty for someone who has left, and until when nobody is reminded."""

    by: str
    until: date | None


def acknowledge(alert: Alert, *, by: User, until: date | None) -> None:
    """Keep who has seen an alert, and until when nobody is to be reminded; None until it clears."""
    Acknowledgement(
        organization_id=alert.organization_id, alert_id=alert.id, by=by, at=clock.now(), until=until
    ).save(force_insert=True)
    record("alert.acknowledged", actor=by, subject=str(alert.id), rule=alert.rule)


def with_seen(organization_id: UUID) -> "QuerySet[Any]":
    """Return the organization's alerts, each with its latest acknowledgement and its rules as they were.

    `seen` names who acknowledged it and until when; `judged_by` are the settings of its rules' version.
    """
    said = Acknowledgement.objects.filter(organization_id=organization_id, alert_id=OuterRef("id"))
    version = AlertRules.objects.filter(organization_id=organization_id, version=OuterRef("rules_version"))
    return Alert.objects.filter(organization_id=organization_id).annotate(
        seen=Subquery(said.order_by("-at").values(told=JSONObject(by="by__email", until="until"))[:1]),
        judged_by=Subquery(version.values("settings")),
    )


def seen(alert: Alert) -> Seen | None:
    """Return who has seen an alert that was read with it."""
    said = getattr(alert, "seen", None)
    if said is None:
        return None
    return Seen(said["by"] or "", date.fromisoformat(said["until"]) if said["until"] else None)
