"""The rows behind what a rule says: the movements or invoices of its window, largest first."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models.functions import Abs

from billing_sync.models import Invoice
from metrics.alerts.failures import first_failures
from metrics.alerts.rules import RULES, AlertSettings
from metrics.alerts.series import Series
from metrics.models import Movement
from metrics.queries import Shown, current

AT_MOST = 25
LEFT = ("churn",)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind a reading: the window, how much it is a part of, and its largest rows.

    `count` is how many customers left, for churn; of every other rule it is `found`, how many rows there are.
    A row has day, connection, customer, kind and signed amount; for a failed payment the invoice too.
    """

    start: date
    end: date
    customers: int
    mrr_micro: int
    count: int
    found: int
    rows: list[dict[str, Any]]

    def stored(self) -> dict[str, Any]:
        """Return what is kept with an alert: ids, days and amounts, as JSON."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "customers": self.customers,
            "mrr_micro": self.mrr_micro,
            "count": self.count,
            "found": self.found,
            "rows": self.rows,
        }


def evidence(
    shown: Shown, currency: str, rule: str, series: Series, on: date, settings: AlertSettings
) -> Evidence:
    """Return the rows behind a rule's reading at the midnight that begins a day."""
    start, end, kinds = RULES[rule].window(on, settings)
    count, found, rows = (
        _movements(shown, currency, start, end, kinds) if kinds else _failed(shown, currency, start, end)
    )
    return Evidence(start, end, series.customers_at(start), series.mrr_at(start), count, found, rows)


def _movements(
    shown: Shown, currency: str, start: date, end: date, kinds: tuple[str, ...]
) -> tuple[int, int, list[dict[str, Any]]]:
    moves = current(Movement.objects.filter(currency=currency, kind__in=kinds), shown.organization_id)
    found = moves.filter(date__gte=start, date__lt=end)
    largest = found.order_by(Abs("amount_micro").desc(), "date", "customer_id")[:AT_MOST]
    rows = [_row(one.date, one.connection_id, one.customer_id, one.kind, one.amount_micro) for one in largest]
    # Of churn, people are told how many customers left: one who left twice is one.
    told = found.values("connection_id", "customer_id").distinct() if kinds == LEFT else found
    return told.count(), found.count(), rows


def _failed(shown: Shown, currency: str, start: date, end: date) -> tuple[int, int, list[dict[str, Any]]]:
    failures = first_failures(shown, currency, start, end)
    newest = failures[: -AT_MOST - 1 : -1]
    owners = dict(
        Invoice.objects.filter(
            organization_id=shown.organization_id, stripe_id__in=[one.invoice_id for one in newest]
        ).values_list("stripe_id", "customer_id")
    )
    rows = [
        _row(one.on, one.connection_id, owners.get(one.invoice_id, ""), "failed_payment", 0)
        | {"invoice": one.invoice_id}
        for one in newest
    ]
    return len(failures), len(failures), rows


def _row(on: date, connection_id: UUID, customer_id: str, kind: str, amount_micro: int) -> dict[str, Any]:
    return {
        "on": on.isoformat(),
        "connection": str(connection_id),
        "customer": customer_id,
        "kind": kind,
        "amount_micro": amount_micro,
    }
