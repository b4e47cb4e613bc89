"""E-mails about an alert: that it fired, that it goes on, that it has cleared."""

from datetime import date
from typing import Any
from uuid import UUID

from accounts.models import Organization, User
from accounts.outbox import Message, was_tried
from config import dates
from dashboards.alert_terms import terms
from dashboards.alert_words import behind, figure
from dashboards.emails.letter import address, letter, preference, written
from dashboards.emails.masking import names
from dashboards.formatting import money
from metrics import queries
from metrics.alerts.models import Alert
from metrics.alerts.notices import acknowledged
from metrics.alerts.versions import of_version

SHOWN_ROWS = 5


@written("alert")
def alert(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell that a rule fired; nothing where it has cleared before the message could go."""
    found, organization = _alert(organization_id, key)
    if found is None or found.recovered_on is not None or not preference(organization, recipient).alerts:
        return None
    return letter("alert", "alert", organization, recipient, _facts(organization, found))


@written("reminder")
def reminder(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell that an alert goes on; nothing where somebody has acknowledged it meanwhile."""
    found, organization = _alert(organization_id, key)
    wanted = preference(organization, recipient)
    if found is None or found.recovered_on is not None or not (wanted.alerts and wanted.reminder_days):
        return None
    if acknowledged(found, queries.today(organization_id)):
        return None
    return letter("reminder", "reminder", organization, recipient, _facts(organization, found))


@written("recovery")
def recovery(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell that an alert has cleared, to whom a message that it fired may have reached."""
    found, organization = _alert(organization_id, key)
    if found is None or found.recovered_on is None or not preference(organization, recipient).recoveries:
        return None
    if not was_tried(organization_id, recipient, f"alert:{found.id}"):
        return None
    return letter("recovery", "recovery", organization, recipient, _facts(organization, found))


def _alert(organization_id: UUID, key: str) -> tuple[Alert | None, Organization]:
    found = Alert.objects.filter(organization_id=organization_id, id=key.split(":")[1]).first()
    return found, Organization.objects.get(id=organization_id)


def _facts(organization: Organization, found: Alert) -> dict[str, Any]:
    term = terms(of_version(organization.id, found.rules_version))[found.rule]
    return {
        "alert": found,
        "label": term.label,
        "term": term,
        "figure": figure(found.rule, found.value, found.currency),
        "threshold": figure(found.rule, found.threshold, found.currency),
        "behind": behind(found),
        "rows": _rows(organization, found),
        "alert_url": address("alert", organization.slug, found.id),
    }


def _rows(organization: Organization, found: Alert) -> list[dict[str, str]]:
    rows = found.evidence.get("rows", [])[:SHOWN_ROWS]
    known = names(organization.id, [(UUID(row["connection"]), row["customer"]) for row in rows])
    return [
        {
            "name": known[UUID(row["connection"]), row["customer"]],
            "on": dates.day(date.fromisoformat(row["on"])),
            "amount": str(money(row["amount_micro"], found.currency, signed=True))
            if row["amount_micro"]
            else row.get("invoice", ""),
        }
        for row in rows
    ]
