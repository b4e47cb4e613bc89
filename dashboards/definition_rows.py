"""The definition's settings and versions as rows of a page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from dashboards.alert_terms import terms
from dashboards.definition_words import TERMS, label, said
from metrics.alerts.models import AlertRules
from metrics.alerts.rules import RULES, AlertSettings
from metrics.core.definition import Definition
from metrics.models import Definition as Version
from metrics.settings import settings

AT_MOST = 50


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: its name, what it means, its value, and the one before where it differed."""

    name: str
    label: str
    text: str
    value: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version: who made it and when, and in what it differed from the one before."""

    version: int
    at: datetime | None
    by: str
    changes: list[SettingRow]
    first: bool
    in_use: bool


def setting_rows(values: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[SettingRow]:
    """Return every setting in the order of the page, with what it was before where that differs."""
    defaults, rows = {name: getattr(Definition(), name) for name in TERMS}, []
    for name, term in TERMS.items():
        now = values.get(name, defaults[name])
        was = now if before is None else before.get(name, defaults[name])
        old = said(name, was) if was != now else None
        rows.append(SettingRow(name, str(term.label), str(term.text), said(name, now), old))
    return rows


def versions(organization_id: UUID, in_use: int) -> list[VersionRow]:
    """Return the newest versions of the definition, newest first."""
    rows = Version.objects.filter(organization_id=organization_id).select_related("created_by")
    return _rows(rows.order_by("-version")[: AT_MOST + 1], in_use, None)


def rule_versions(organization_id: UUID, in_use: int) -> list[VersionRow]:
    """Return the newest versions of the alert rules, newest first; version 1 is the defaults."""
    rows = AlertRules.objects.filter(organization_id=organization_id).select_related("created_by")
    return _rows(rows.order_by("-version")[: AT_MOST + 1], in_use, settings(AlertSettings()))


def rule_links(rules: AlertSettings) -> list[tuple[str, str, str, bool]]:
    """Return each alert rule's name, label and comparison, and whether it is on."""
    words = terms(rules)
    return [(rule, str(words[rule].label), str(words[rule].formula), rules.is_on(rule)) for rule in RULES]


def _rows(found: Iterable[Any], in_use: int, start: Mapping[str, Any] | None) -> list[VersionRow]:
    """Return rows newest first; `start` is what stood before the first that is stored, None for nothing."""
    rows = list(found)
    older = [*(row.settings for row in rows[1:]), start]
    return [_row(row, was, in_use) for row, was in zip(rows, older, strict=False)][:AT_MOST]


def _row(row: Any, was: Mapping[str, Any] | None, in_use: int) -> VersionRow:
    changes = [
        SettingRow(name, label(name), "", said(name, value), said(name, was[name]) if name in was else None)
        for name, value in row.settings.items()
        if was is not None and was.get(name) != value
    ]
    by = str(row.created_by) if row.created_by else _("Millrace")
    return VersionRow(row.version, row.created_at, by, changes, was is None, row.version == in_use)
