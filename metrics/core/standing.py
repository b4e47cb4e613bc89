"""How a subscription stood: its status, requests to cancel it and its pauses, from when on."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise, zip_longest
from operator import attrgetter

from metrics.core.facts import SubscriptionState
from metrics.core.marks import FOREVER, Mark, Span
from metrics.core.payments import first_draft_renewal, never_charged, paid_until, settled_at
from metrics.core.pricing import asked
from metrics.core.record import Billed, Record, regular

OWING = ("past_due", "unpaid")
YEAR = 366 * 86_400


def statuses(record: Record, overdue: int | None) -> Iterator[Mark]:
    """Yield the statuses; `overdue` is the due instant of the oldest invoice still unpaid."""
    if record.states:
        yield from _before(record, record.states[0], overdue)
    for previous, state in pairwise(record.states):
        at, exact = record.seen(state), state.event is not None
        if previous.status == "trialing" and previous.at < (state.trial_end or 0) <= state.at:
            at, exact = state.trial_end or 0, True
        elif not exact:
            at = max(previous.at, overdue if overdue is not None and state.status in OWING else at)
        if state.status != previous.status:
            yield Mark(at, None, "status", state.status, exact)


def _before(record: Record, first: SubscriptionState, overdue: int | None) -> Iterator[Mark]:
    """Tell the statuses up to the first known state from its dates and from the invoices."""
    began, logged = record.began, record.logged
    tried = began if first.trial_start is None else first.trial_start
    tried_until = tried if first.trial_end is None else first.trial_end
    track = [(began, "active"), (tried, "trialing"), (tried_until, "active")]
    drafted = first_draft_renewal([one for one in record.regular if one.line.period_start < logged])
    unpaid = overdue if logged == FOREVER else logged
    turned = {
        "trialing": tried,
        "paused": tried_until,
        "past_due": overdue,
        "unpaid": unpaid if drafted is None else drafted,
    }
    status = "unpaid" if first.status == "canceled" and drafted is not None else first.status
    at = turned.get(status, began)
    at = record.seen(first) if at is None or at > logged else at
    known = status not in ("active", "canceled")
    yield from (Mark(step, None, "status", one) for step, one in track if step < at or not known)
    if known:
        yield Mark(at, None, "status", status, status not in OWING)


def requests(record: Record) -> Iterator[Mark]:
    """Yield when cancellation was asked for and taken back."""
    for requested, run in groupby(record.states, key=lambda state: state.canceled_at is not None):
        first = next(run)
        at = record.seen(first) if first.canceled_at is None else first.canceled_at
        yield Mark(at, None, "cancel_requested", requested or None)


def trials(record: Record, item: str) -> Iterator[Span]:
    """Yield an item's own trials: as states show them, before the first event as lines that ask nothing."""
    shown, tried = record.shown[item], {state.trial_start for state in record.states}
    for (state, one), then in zip_longest(shown, shown[1:]):
        if one.trial_start is not None:
            end = FOREVER if one.trial_end is None else one.trial_end
            over = min(end, then[0].at) if then else end if end <= state.at else FOREVER
            yield Span(one.trial_start, over, "item_trialing")
    for line, invoice in record.of_item[item]:
        if line.amount or line.credited or line.period_start in tried or line.period_start >= record.logged:
            continue
        price = record.catalogue.prices[line.price or ""]
        quantity = 1 if line.quantity is None else line.quantity
        asks = 0 if price.metered else asked(price, quantity, invoice.currency) or 0
        # A part of a period may be too short for its price to come to a unit of money.
        if asks * (line.period_end - line.period_start) > price.interval_count * YEAR:
            later = [two.line.period_start for two in record.of_item[item]]
            end = min(at for at in (line.period_end, *later) if at > line.period_start)
            yield Span(line.period_start, end, "item_trialing")


def pauses(record: Record, item: str) -> Iterator[Span]:
    """Yield when nothing was collected for an item.

    A pause acts from the end of the period already paid. Before the first event it shows in renewals
    that were never charged.
    """
    lines, states = regular(record.of_item[item]), record.states
    yield from _uncharged(record, lines)
    firsts = [next(run) for _, run in groupby(states, key=attrgetter("pause_collection"))]
    for first, then in zip_longest(firsts, firsts[1:]):
        if first.pause_collection:
            logged = first.event is not None and first is not states[0]
            end, end_exact = (record.seen(then), then.event is not None) if then else (FOREVER, True)
            yield Span(_paused_from(first, lines, item), end, True, logged, end_exact)


def _paused_from(state: SubscriptionState, lines: Sequence[Billed], item: str) -> int:
    period = next((one.current_period_end for one in state.items if one.id == item), None) or 0
    if state.event is None:
        return paid_until(lines) or period
    return max(state.at, paid_until(lines, state.at) if lines else period)


def _uncharged(record: Record, lines: Sequence[Billed]) -> Iterator[Span]:
    """Tell pauses before the first event, and time unpaid, from renewals that were never charged.

    Each lasts its period, or until a payment puts the subscription right, or until it is seen to run.
    A single one with nothing after it may as well belong to a cancellation, and tells nothing.
    """
    dropped = [line for line, invoice in lines if never_charged(invoice)]
    if not dropped:
        return
    charged = [line.period_start for line, invoice in lines if invoice.status in ("paid", "open")]
    last, running = max(charged, default=0), record.logged
    several = sum(line.period_start > last for line in dropped) > 1
    for first in record.states[:1]:
        if first.event is None and not first.pause_collection and first.ended_at is None:
            running = record.seen(first)
    for line in dropped:
        settled = settled_at(lines, line)
        seen = running if settled == FOREVER else record.logged
        if several or min(seen, settled) < FOREVER or line.period_end <= last:
            end = min(line.period_end, seen, settled)
            yield Span(line.period_start, end, True, False, end == settled)
