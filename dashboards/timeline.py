"""One customer: what moved the MRR and when, and the segments that it consists of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dashboards.case_notes import movement_notes, segment_notes, subscription_notes
from dashboards.formatting import Money, money
from dashboards.glossary import TERMS
from dashboards.plans import plan_label
from dashboards.reasons import reasons
from dashboards.rule_words import rule_words
from dashboards.stripe_links import stripe_url
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.core.movements import Movement, Step
from metrics.evidence.record import Account, Ledger, Named, past, priced
from metrics.queries import Shown

AT_ONCE = 50
Names = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One raw change beneath a movement, and the segment that it began or ended."""

    at: datetime
    plan: str
    reasons: str
    amount: Money
    url: str


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement of the customer, with the MRR after it and the steps that were netted."""

    on: date
    kind: str
    tone: str
    reasons: str
    amount: Money
    amount_micro: int
    after: Money
    anchor: str
    steps: list[StepRow]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One span of a subscription item."""

    url: str
    start: datetime
    end: datetime | None
    plan: str
    quantity: int
    mrr: Money
    mrr_micro: int
    excluded: str
    inexact: str
    current: bool
    notes: list[str]


@dataclass(frozen=True, slots=True)
class SubscriptionRows:
    """One subscription's spans, the newest first."""

    id: str
    url: str
    stripe_url: str
    rows: list[SegmentRow]


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of one customer beside the segments: prices, names, history, and who asks."""

    slug: str
    account: Account
    held: Ledger
    known: Named
    past: Sequence[Configuration]

    @property
    def names(self) -> Names:
        return self.known.names

    def url(self, segment: Segment) -> str:
        """Return the address of a segment's arithmetic."""
        return segment_url(self.slug, self.account, segment)


def timeline_page(
    shown: Shown, account: Account, held: Ledger, slug: str, before: date | None
) -> dict[str, Any]:
    """Return what the page of one customer shows; `before` is the day before which movements are told."""
    known = priced(shown, account.connection_id, {one.price for one in held.segments})
    story = Story(slug, account, held, known, past(shown, account.connection_id, account.customer_id))
    computed_at = shown.freshness.computed_at
    now = int(computed_at.timestamp()) if computed_at else 0
    after, notes = balances(held.movements), movement_notes(held, shown.zone)
    told = [one for one in reversed(held.movements) if before is None or one.on < before]
    objects = reverse("object", args=[slug, account.connection_id, account.customer_id])
    return {
        "time_zone": shown.definition.time_zone,
        "held": [money(amount, code) for code, amount in sorted(held.balances(now).items()) if amount],
        "movements": [_movement(one, story, after, notes) for one in told[:AT_ONCE]],
        "count": len(held.movements),
        "next_url": f"?before={told[AT_ONCE - 1].on.isoformat()}" if len(told) > AT_ONCE else "",
        "first_url": "?" if before else "",
        "subscriptions": _subscriptions(story, now, subscription_notes(*_place(shown, account))),
        "object_url": objects,
        "stripe_url": stripe_link(account, account.customer_id, "customers"),
    }


def balances(moved: Sequence[Movement]) -> dict[tuple[date, str], int]:
    """Return the MRR of each currency after each movement."""
    held: dict[str, int] = {}
    after = {}
    for one in moved:
        held[one.currency] = held.get(one.currency, 0) + one.amount_micro
        after[one.on, one.currency] = held[one.currency]
    return after


def segment_url(slug: str, account: Account, segment: Segment) -> str:
    """Return the address of a segment's arithmetic."""
    query: dict[str, str | int] = {
        "subscription": segment.subscription,
        "item": segment.item,
        "from": segment.start,
    }
    path = reverse("segment", args=[slug, account.connection_id, account.customer_id])
    return f"{path}?{urlencode(query)}"


def stripe_link(account: Account, stripe_id: str, page: str = "") -> str:
    """Return where Stripe itself shows an object; nothing for what came from an archive."""
    return stripe_url(stripe_id, livemode=account.livemode, page=page) if account.at_stripe else ""


def inexact(segment: Segment) -> str:
    """Say which bounds a period's boundary stands in for, since nothing tells the instant."""
    if segment.start_exact and segment.end_exact:
        return ""
    if segment.end_exact:
        return _("Its beginning left no trace: it is dated by the boundary of the billing period.")
    if segment.start_exact:
        return _("Its end left no trace: it is dated by the boundary of the billing period.")
    return _("Neither its beginning nor its end left a trace: both are dated by billing periods.")


def anchor(on: date, currency: str) -> str:
    """Return the name of a movement's place within the page of its customer."""
    return f"on-{on.isoformat()}-{currency}"


def moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _movement(
    one: Movement,
    story: Story,
    after: Mapping[tuple[date, str], int],
    notes: Mapping[tuple[date, str], list[str]],
) -> MovementRow:
    return MovementRow(
        on=one.on,
        kind=str(TERMS[one.kind].label),
        tone=one.kind,
        reasons=reasons(one.reasons),
        amount=money(one.amount_micro, one.currency, signed=True),
        amount_micro=one.amount_micro,
        after=money(after[one.on, one.currency], one.currency),
        anchor=anchor(one.on, one.currency),
        steps=[_step(step, story) for step in one.steps],
        notes=notes[one.on, one.currency],
    )


def _step(step: Step, story: Story) -> StepRow:
    found = _segment_of(step, story.held)
    return StepRow(
        at=moment(step.at),
        plan=plan_label(story.names, step.price),
        reasons=reasons(step.reasons),
        amount=money(step.amount_micro, step.currency, signed=True),
        url=story.url(found) if found else "",
    )


def _segment_of(step: Step, held: Ledger) -> Segment | None:
    """Return the segment that began with a step, else the one that ended."""
    item = [one for one in held.segments if (one.subscription, one.item) == (step.subscription, step.item)]
    began = (one for one in item if one.start == step.at and one.price == step.price)
    ended = (one for one in item if one.end == step.at and one.price == step.price)
    return next(began, None) or next(ended, None)


def _place(shown: Shown, account: Account) -> tuple[UUID, UUID, str]:
    return shown.organization_id, account.connection_id, account.customer_id


def _subscriptions(story: Story, now: int, told: Mapping[str, list[str]]) -> list[SubscriptionRows]:
    found = []
    for name, group in groupby(story.held.segments, key=lambda one: one.subscription):
        rows = sorted(group, key=lambda one: (-one.start, one.item))
        own = [row for row in story.past if row.subscription == name]
        notes = segment_notes(rows, own, story.known.catalogue.prices)
        # What is true of the whole stands where it began.
        notes[-1] = [*told.get(name, []), *notes[-1]]
        found.append(
            SubscriptionRows(
                id=name,
                url=reverse("object", args=[story.slug, story.account.connection_id, name]),
                stripe_url=stripe_link(story.account, name),
                rows=[_segment(one, story, now, each) for one, each in zip(rows, notes, strict=True)],
            )
        )
    return sorted(found, key=lambda one: one.rows[0].start, reverse=True)


def _segment(one: Segment, story: Story, now: int, notes: list[str]) -> SegmentRow:
    return SegmentRow(
        url=story.url(one),
        start=moment(one.start),
        end=None if one.end is None else moment(one.end),
        plan=plan_label(story.names, one.price),
        quantity=one.quantity,
        mrr=money(one.mrr_micro, one.currency),
        mrr_micro=one.mrr_micro,
        excluded=rule_words(one.excluded) if one.excluded else "",
        inexact=inexact(one),
        current=one.start <= now and (one.end is None or now < one.end),
        notes=notes,
    )
