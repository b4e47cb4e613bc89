"""An organization's rules as versioned data: what every number names as its definition."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Max

from accounts.audit import record
from accounts.models import Organization, User
from config import clock
from metrics.alerts import versions
from metrics.core.definition import Definition
from metrics.models import CurrentBuild
from metrics.models import Definition as Version
from metrics.settings import SettingError, changed, settings


def latest_version(organization_id: UUID) -> int | None:
    """Return the newest version's number, None before the first use."""
    rows = Version.objects.filter(organization_id=organization_id)
    newest: int | None = rows.aggregate(newest=Max("version"))["newest"]
    return newest


def of_version(organization_id: UUID, version: int) -> Definition:
    """Return one version of the organization's definition."""
    row = Version.objects.get(organization_id=organization_id, version=version)
    return of_settings(version, row.settings)


def of_settings(version: int, values: Mapping[str, Any]) -> Definition:
    """Return the definition that a version's stored settings are."""
    return changed(Definition(version=version), values)


def latest(organization_id: UUID) -> Definition:
    """Return the newest version, made from the defaults and the organization's time zone on first use."""
    version = latest_version(organization_id)
    if version is not None:
        return of_version(organization_id, version)
    zone = Organization.objects.values_list("time_zone", flat=True).get(id=organization_id)
    first = changed(Definition(), {"time_zone": zone})
    Version.objects.bulk_create([_row(organization_id, first, None)], ignore_conflicts=True)
    return of_version(organization_id, 1)


def in_use(organization_id: UUID) -> Definition:
    """Return the version that made the numbers on show; before the first build, the newest."""
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    return of_version(organization_id, pointer.definition_version) if pointer else latest(organization_id)


def set_definition(organization_id: UUID, values: Mapping[str, Any], *, by: User | None = None) -> Definition:
    """Make the next version from some changed settings; the newest stays where nothing changes.

    Thresholds of alerts are versioned by themselves: no number depends on them.
    """
    present = latest(organization_id)
    thresholds = {key: value for key, value in values.items() if key in versions.names()}
    wanted = _changed(present, {key: value for key, value in values.items() if key not in thresholds})
    versions.set_rules(organization_id, thresholds, by=by)
    if wanted == present:
        return present
    following = replace(wanted, version=present.version + 1)
    _row(organization_id, following, by).save(force_insert=True)
    record("definition.changed", actor=by, subject=str(following.version), **values)
    return following


def _changed(present: Definition, values: Mapping[str, Any]) -> Definition:
    if "version" in values:
        raise SettingError("version is counted by Millrace and cannot be set.")
    allowed = sorted({*_settings(present), *versions.names()})
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise SettingError(f"There is no setting {unknown[0]}. The settings are {', '.join(allowed)}.")
    return changed(present, values)


def _settings(record: Definition) -> dict[str, Any]:
    return {key: value for key, value in settings(record).items() if key != "version"}


def _row(organization_id: UUID, record: Definition, by: User | None) -> Version:
    return Version(
        organization_id=organization_id,
        version=record.version,
        settings=_settings(record),
        created_at=clock.now(),
        created_by=by,
    )
