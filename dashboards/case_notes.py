"""What explains the hard cases among one customer's movements and segments, where each of them stands."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from billing_sync.models import Customer, Payer, Subscription, SubscriptionSchedule
from billing_sync.payload import read_payload
from metrics.cases import Arrangement, explained, movement_cases, segment_cases, subscription_cases
from metrics.core.facts import Price
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.core.movements import Movement
from metrics.evidence.record import Ledger


def movement_notes(held: Ledger, zone: ZoneInfo) -> dict[tuple[date, str], list[str]]:
    """Return the explanations of each movement, by its day and currency."""
    intervals = {one.price: one.interval for one in held.segments}
    before: dict[str, Movement] = {}
    notes = {}
    for one in held.movements:
        billed = {intervals[leg.price] for leg in one.legs if leg.price in intervals}
        cases = movement_cases(one, zone, before.get(one.currency), billed)
        notes[one.on, one.currency] = explained(cases)
        before[one.currency] = one
    return notes


def segment_notes(
    rows: Iterable[Segment], past: Iterable[Configuration], prices: Mapping[str, Price]
) -> list[list[str]]:
    """Return the explanations of each row of one subscription that the row above it does not show already."""
    own, shown = list(past), list(rows)
    notes: list[list[str]] = []
    above: list[str] = []
    for one in shown:
        cases = segment_cases(one, own, prices.get(one.price), shown)
        notes.append(explained(code for code in cases if code not in above))
        above = cases
    return notes


def subscription_notes(organization_id: UUID, connection_id: UUID, customer_id: str) -> dict[str, list[str]]:
    """Return the explanations of each of a customer's subscriptions as a whole, by its id."""
    ours = {"organization_id": organization_id, "connection_id": connection_id}
    rows = Subscription.objects.filter(**ours, customer_id=customer_id).annotate(
        planned=Exists(
            SubscriptionSchedule.objects.filter(
                **ours, customer_id=customer_id, subscription_id=OuterRef("stripe_id")
            )
        ),
        gone=~Exists(Customer.objects.filter(**ours, stripe_id=customer_id, deleted_at=None)),
        twice=Exists(_namesakes(ours, customer_id)),
    )
    notes = {}
    for row in rows:
        sent = read_payload(bytes(row.payload)).get("collection_method") == "send_invoice"
        made = Arrangement(row.created_at, row.started_at, sent, row.planned, row.gone, row.twice)
        notes[row.stripe_id] = explained(subscription_cases(made))
    return notes


def _namesakes(ours: Mapping[str, UUID], customer_id: str) -> "QuerySet[Payer]":
    own = Payer.objects.filter(**ours, customer_id=customer_id).exclude(email="").values("email_lower")
    return Payer.objects.filter(**ours, email_lower=Subquery(own[:1])).exclude(customer_id=customer_id)
