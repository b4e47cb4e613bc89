"""Alerts as rows of a page: one line each, and the rows behind one of them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from billing_sync.models import Payer
from dashboards.alert_terms import terms
from dashboards.alert_words import behind, figure
from dashboards.formatting import money
from dashboards.glossary import TERMS
from metrics.alerts.acknowledging import seen
from metrics.alerts.models import Alert
from metrics.alerts.rules import AlertSettings


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One firing period in words."""

    id: UUID
    label: str
    currency: str
    figure: str
    threshold: str
    behind: str
    fired_on: date
    recovered_on: date | None
    seen_by: str
    seen_until: date | None

    @property
    def state(self) -> str:
        if self.recovered_on is not None:
            return _("Recovered")
        return _("Acknowledged") if self.seen_by else _("Firing")

    @property
    def tone(self) -> str:
        if self.recovered_on is not None:
            return "good"
        return "warn" if self.seen_by else "bad"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One movement or failed payment behind an alert."""

    name: str
    customer: str
    kind: str
    on: date
    amount: str
    invoice: str


def alert_line(alert: Alert, settings: AlertSettings) -> AlertLine:
    """Return an alert, read with its acknowledgement, in words."""
    said = seen(alert)
    return AlertLine(
        id=alert.id,
        label=str(terms(settings)[alert.rule].label),
        currency=alert.currency.upper(),
        figure=figure(alert.rule, alert.value, alert.currency),
        threshold=figure(alert.rule, alert.threshold, alert.currency),
        behind=behind(alert),
        fired_on=alert.fired_on,
        recovered_on=alert.recovered_on,
        seen_by=(said.by or _("someone who has left")) if said else "",
        seen_until=said.until if said else None,
    )


def evidence_rows(organization_id: UUID, alert: Alert) -> list[EvidenceRow]:
    """Return the rows that were kept with an alert, the largest first."""
    rows = alert.evidence.get("rows", [])
    payers = Payer.objects.filter(
        organization_id=organization_id, customer_id__in=[row["customer"] for row in rows]
    )
    known = {(str(one.connection_id), one.customer_id): one.name or one.email for one in payers}
    return [
        EvidenceRow(
            name=known.get((row["connection"], row["customer"])) or row["customer"],
            customer=row["customer"],
            kind=str(TERMS[row["kind"]].label) if row["kind"] in TERMS else _("Failed payment"),
            on=date.fromisoformat(row["on"]),
            amount=_amount(row["amount_micro"], alert.currency),
            invoice=row.get("invoice", ""),
        )
        for row in rows
    ]


def evidence_count(alert: Alert) -> int:
    """Count the rows of which the largest were kept; of alerts from before they were counted, who left."""
    count: int = alert.evidence.get("found", alert.evidence.get("count", 0))
    return count


def _amount(amount_micro: int, currency: str) -> str:
    return str(money(amount_micro, currency, signed=True)) if amount_micro else ""
