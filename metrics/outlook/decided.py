"""What the dates of a subscription decide about its MRR, and what they put at risk without moving it.

Every move is measured from the one before it, so that the moves of a subscription add up. Nothing here
is a forecast: who will sign, leave or fail to pay without having said so stands nowhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from metrics.core.intervals import day_start, local_day
from metrics.core.ledger import Segment
from metrics.exposure.diagnoses import Day, Standing

CANCELLATION, TRIAL_END, COUPON_END = "cancellation", "trial_end", "coupon_end"
PHASE, START, PAUSE = "phase", "start", "pause"
CARD_EXPIRY, RENEWAL = "card_expiry", "renewal"
MOVES = (CANCELLATION, TRIAL_END, COUPON_END, PHASE, START, PAUSE)
RISKS = (CARD_EXPIRY, RENEWAL)
KINDS = (*MOVES, *RISKS)
HORIZONS = (30, 60, 90)
# The day of what was decided without a date, or for an instant that no calendar knows.
UNDATED = date.max
LATEST = 253_000_000_000


class Ahead(NamedTuple):
    """A change at an instant: its kind, when it was due, and the MRR of each currency from then on."""

    at: int
    kind: str
    due_at: int
    mrr_micro: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a subscription stands, its segments of now, and its own dates, the soonest first.

    `closes_at` is when its schedule ends it.
    """

    standing: Standing
    segments: tuple[Segment, ...]
    ahead: Sequence[Ahead] = ()
    closes_at: int | None = None


class Decided(NamedTuple):
    """One dated change of a subscription: `amount_micro` is signed, of a risk the MRR that it touches.

    `committed_micro` is by how much committed MRR lies apart from MRR because of it.
    """

    subscription: str
    currency: str
    kind: str
    on: date
    due_at: int | None
    amount_micro: int
    committed_micro: int = 0


def decided(outlooks: Iterable[Outlook], day: Day) -> list[Decided]:
    """Return what is decided for some subscriptions within the longest horizon.

    What committed MRR already tells stays whenever it comes.
    """
    last = day.on + timedelta(days=HORIZONS[-1])
    found: dict[tuple[str, str, str, date], Decided] = {}
    for outlook in outlooks:
        for one in [*_moves(outlook, day), *_risks(outlook, day)]:
            key = (one.subscription, one.currency, one.kind, one.on)
            if one.on < last or one.committed_micro:
                found[key] = _summed(found[key], one) if key in found else one
    return list(found.values())


def _summed(one: Decided, other: Decided) -> Decided:
    due = min((at for at in (one.due_at, other.due_at) if at is not None), default=None)
    amounts = (one.amount_micro + other.amount_micro, one.committed_micro + other.committed_micro)
    return Decided(*one[:4], due, *amounts)


def _moves(outlook: Outlook, day: Day) -> Iterator[Decided]:
    for currency in sorted({one.currency for one in outlook.segments}):
        own = [one for one in outlook.segments if one.currency == currency]
        yield from _walk(outlook, own, currency, day)
        for one in own:
            if one.excluded == "not_started":
                worth = one.committed_micro
                yield _one(outlook, currency, START, one.end, worth, worth, day=day)


def _walk(outlook: Outlook, own: Sequence[Segment], currency: str, day: Day) -> Iterator[Decided]:
    """Yield the moves of one currency in their order; an end lets nothing come after it."""
    running, standing = sum(one.mrr_micro for one in own), outlook.standing
    ends_at = standing.ends_at if standing.cancels else outlook.closes_at
    for at, kind, due_at, amounts in outlook.ahead:
        if ends_at is not None and ends_at <= at:
            break
        after = amounts.get(currency, 0)
        if after != running:
            yield _one(outlook, currency, kind, due_at, after - running, 0, day=day)
        running = after
    if standing.cancels:
        apart = sum(one.committed_micro - one.mrr_micro for one in own if one.excluded != "not_started")
        # An end before anything has counted is told, though it moves nothing.
        if running or apart or any(one.excluded == "trial" for one in own):
            yield _one(outlook, currency, CANCELLATION, ends_at, -running, apart, day=day)
    elif outlook.closes_at is not None and running:
        yield _one(outlook, currency, PHASE, outlook.closes_at, -running, 0, day=day)


def _risks(outlook: Outlook, day: Day) -> Iterator[Decided]:
    """Yield what has to be charged anew without anybody having to decide anything."""
    standing = outlook.standing
    if standing.cancels:
        return
    card = standing.card_expires_at
    for part in standing.parts:
        if card is not None and part.mrr_micro and card <= LATEST:
            # The last day on which a card is good is the same everywhere.
            on = datetime.fromtimestamp(card, UTC).date() - timedelta(days=1)
            if on >= day.on:
                yield _one(outlook, part.currency, CARD_EXPIRY, card, part.mrr_micro, 0, on=on)
        ends = part.period_ends_at
        if part.contracted and part.mrr_micro and ends and day_start(day.on, day.zone) <= ends:
            yield _one(outlook, part.currency, RENEWAL, ends, part.mrr_micro, 0, day=day)


def _one(
    outlook: Outlook,
    currency: str,
    kind: str,
    due_at: int | None,
    amount_micro: int,
    committed_micro: int,
    *,
    day: Day | None = None,
    on: date = UNDATED,
) -> Decided:
    due_at = None if due_at is None or due_at > LATEST else due_at
    if day is not None and due_at is not None:
        on = local_day(due_at, day.zone)
    return Decided(outlook.standing.subscription, currency, kind, on, due_at, amount_micro, committed_micro)
