"""The weekly digest: where revenue stands, what moved it in a week and in the month, and what alerts."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Abs

from accounts.models import Organization, User
from accounts.outbox import Message
from dashboards.alert_terms import terms
from dashboards.alert_words import figure
from dashboards.charts import STACK
from dashboards.comparison import whole
from dashboards.emails.decided import decided_rows
from dashboards.emails.letter import address, letter, preference, written
from dashboards.emails.masking import names
from dashboards.formatting import money
from dashboards.glossary import TERMS
from dashboards.reasons import reasons
from dashboards.snapshot import HEADLINES, snapshot
from metrics import queries
from metrics.alerts.models import Alert
from metrics.flows import Day
from metrics.models import Movement
from metrics.queries import Shown

WEEK, DAY = timedelta(days=7), timedelta(days=1)
BIGGEST = 5
WIDEST = 100


@written("digest")
def digest(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell a member how the week before a Monday went."""
    organization = Organization.objects.get(id=organization_id)
    if not preference(organization, recipient).weekly_digest:
        return None
    shown, currency = queries.shown(organization_id), queries.default_currency(organization_id)
    if not currency or shown.freshness.computed_at is None:
        return None
    monday = date.fromisoformat(key.split(":")[1])
    return letter("digest", "digest", organization, recipient, _facts(organization, shown, currency, monday))


def _facts(organization: Organization, shown: Shown, currency: str, monday: date) -> dict[str, Any]:
    months = queries.all_months(shown)
    start, month = monday - WEEK, monday.replace(day=1)
    days = queries.daily(organization.id, currency, min(start, month), max(monday, shown.today) + DAY)
    read = months.last(2, currency, until=month)
    figures = snapshot(read[-1], whole(read[-2]))
    return {
        "start": start,
        "end": monday - timedelta(days=1),
        "currency": currency,
        "mrr": next(one.value for one in figures if one.name == "mrr"),
        "figures": [one for one in figures if one.name in HEADLINES],
        "week": waterfall_rows([day for day in days if start <= day.day < monday], currency),
        "month": waterfall_rows([day for day in days if day.day.replace(day=1) == month], currency),
        "month_start": month,
        "through": shown.freshness.data_through,
        "zone": shown.zone,
        "movements": _biggest(organization, shown, currency, start, monday),
        "decided": decided_rows(shown, currency, monday),
        "calendar_url": address("calendar", organization.slug),
        "alerts": _alerts(organization, shown),
        "dashboard_url": address("dashboard", organization.slug),
    }


def waterfall_rows(days: Iterable[Day], currency: str) -> list[dict[str, Any]]:
    """Return one row for each kind of movement: label, amount, and a bar's width of 100 at most."""
    told = list(days)
    sums = {kind: sum(getattr(day, f"{kind}_micro") for day in told) for kind in STACK}
    largest = max(sums.values(), default=0)
    return [
        {
            "label": TERMS[kind].label,
            "amount": str(money(amount, currency)),
            "width": amount * WIDEST // largest if largest else 0,
            "down": kind in ("contraction", "churn"),
        }
        for kind, amount in sums.items()
    ]


def _biggest(
    organization: Organization, shown: Shown, currency: str, start: date, end: date
) -> list[dict[str, str]]:
    moves = queries.current(Movement.objects.filter(currency=currency), organization.id)
    found = list(
        moves.filter(date__gte=start, date__lt=end).order_by(Abs("amount_micro").desc(), "date")[:BIGGEST]
    )
    known = names(organization.id, [(one.connection_id, one.customer_id) for one in found])
    return [
        {
            "name": known[one.connection_id, one.customer_id],
            "kind": str(TERMS[one.kind].label),
            "amount": str(money(one.amount_micro, currency, signed=True)),
            "reasons": reasons(one.reasons),
        }
        for one in found
    ]


def _alerts(organization: Organization, shown: Shown) -> list[dict[str, Any]]:
    meanings = terms(shown.alerts)
    firing = Alert.objects.filter(organization_id=organization.id, recovered_on=None).order_by("fired_on")
    return [
        {
            "label": meanings[one.rule].label,
            "figure": figure(one.rule, one.value, one.currency),
            "since": one.fired_on,
            "url": address("alert", organization.slug, one.id),
        }
        for one in firing
    ]
