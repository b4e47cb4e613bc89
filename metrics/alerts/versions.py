"""An organization's alert rules as versioned data: every alert names the version that judged it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.alerts.models import AlertRules
from metrics.alerts.rules import AlertSettings
from metrics.settings import changed, settings


def latest(organization_id: UUID) -> tuple[int, AlertSettings]:
    """Return the newest version with its number; before any change, version 1 is the defaults."""
    row = AlertRules.objects.filter(organization_id=organization_id).order_by("-version").first()
    return (row.version, changed(AlertSettings(), row.settings)) if row else (1, AlertSettings())


def of_version(organization_id: UUID, version: int) -> AlertSettings:
    """Return one version of the rules."""
    row = AlertRules.objects.filter(organization_id=organization_id, version=version).first()
    return changed(AlertSettings(), row.settings) if row else AlertSettings()


def set_rules(organization_id: UUID, values: Mapping[str, Any], *, by: User | None = None) -> int:
    """Make the next version from some changed settings; the newest stays where nothing changes."""
    version, present = latest(organization_id)
    wanted = changed(present, values)
    if wanted == present:
        return version
    AlertRules(
        organization_id=organization_id,
        version=version + 1,
        settings=settings(wanted),
        created_at=clock.now(),
        created_by=by,
    ).save(force_insert=True)
    said = {key: str(value) for key, value in values.items()}
    record("alert_rules.changed", actor=by, subject=str(version + 1), **said)
    return version + 1


def names() -> frozenset[str]:
    """Return the settings' names."""
    return frozenset(asdict(AlertSettings()))
