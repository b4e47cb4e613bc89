"""How a subscription stood: its status, its pauses and its cancellation, from when to when."""

from collections.abc import Sequence
from itertools import pairwise

from metrics.core.facts import Subscription, SubscriptionState
from metrics.core.payments import Billed, Span, first_draft_renewal, paid_until, paused_spans

Track = list[tuple[int, str]]


def known_states(subscription: Subscription) -> list[SubscriptionState]:
    """Return the logged states by time, and the present one last unless it is older than they are.

    An ended subscription never returns, so its end comes last even where clocks ran backwards.
    """
    states = sorted(subscription.snapshots, key=lambda state: (state.ended_at is not None, state.at))
    present = subscription.present
    if present and (not states or present.at >= states[-1].at):
        states.append(present)
    return states


def seen_at(state: SubscriptionState) -> int:
    """Return what dates a state: its event, else the start of the period that it was fetched in."""
    if state.event is not None:
        return state.at
    return max((item.current_period_start or 0 for item in state.items), default=0) or state.start_date


def ended_at(states: Sequence[SubscriptionState]) -> int | None:
    """Return when the subscription ended; an archive may tell only that it is canceled."""
    if not states:
        return None
    last = states[-1]
    if last.ended_at is None and last.status == "canceled":
        return last.at if last.canceled_at is None else last.canceled_at
    return last.ended_at


def cancellation(states: Sequence[SubscriptionState]) -> str:
    """Return the reason code of an end: cancellation, then Stripe's reason and feedback."""
    told = (states[-1].cancellation_reason, states[-1].cancellation_feedback) if states else ()
    return ":".join(["cancellation", *(word for word in told if word)])


def statuses(states: Sequence[SubscriptionState], lines: Sequence[Billed], overdue: int | None) -> Track:
    """Return the statuses by time; `overdue` is the due instant of the oldest invoice still unpaid."""
    if not states:
        return []
    track = _before(states[0], lines, overdue)
    for previous, state in pairwise(states):
        if state.status != previous.status:
            track.append((_dated(previous, state, overdue), state.status))
    return track


def cancel_requests(states: Sequence[SubscriptionState]) -> list[tuple[int, bool]]:
    """Return when cancellation was asked for and taken back."""
    track: list[tuple[int, bool]] = []
    for state in states:
        requested = state.canceled_at is not None
        if requested != (bool(track) and track[-1][1]):
            track.append((seen_at(state) if state.canceled_at is None else state.canceled_at, requested))
    return track


def pauses(
    states: Sequence[SubscriptionState], lines: Sequence[Billed], item: str
) -> list[tuple[Span, bool]]:
    """Return when collection was paused for an item, and whether an event dates it.

    A pause acts from the end of the period already paid. Without an event it shows in renewals that
    were never charged.
    """
    logged = states[0].at if states and states[0].event else None
    unlogged = [pair for pair in lines if logged is None or pair[0].period_start < logged]
    found: list[tuple[Span, bool]] = [(span, False) for span in paused_spans(unlogged)]
    began: SubscriptionState | None = None
    for state in states:
        if state.pause_collection and began is None:
            began = state
        elif began is not None and not state.pause_collection:
            found.append(((_paused_from(began, lines, item), seen_at(state)), state.event is not None))
            began = None
    if began is not None:
        found.append(((_paused_from(began, lines, item), None), began.event is not None))
    return [(span, exact) for span, exact in found if span[1] is None or span[0] < span[1]]


def _paused_from(state: SubscriptionState, lines: Sequence[Billed], item: str) -> int:
    period = next((one.current_period_end for one in state.items if one.id == item), None) or 0
    if state.event is None:
        return paid_until(lines, None) or period
    return max(state.at, paid_until(lines, state.at) if lines else period)


def _before(first: SubscriptionState, lines: Sequence[Billed], overdue: int | None) -> Track:
    """Tell the statuses up to the first known state from its dates and from the invoices."""
    began = first.start_date
    drafted = first_draft_renewal(lines)
    unpaid = overdue if drafted is None else drafted
    trial_end = began if first.trial_end is None else first.trial_end
    trial = [] if first.trial_start is None else [(first.trial_start, "trialing"), (trial_end, "active")]
    track = [(began, "active"), *trial]
    if first.status == "trialing":
        return [(began, "active"), *trial[:1]] if trial else [(began, "trialing")]
    if first.status == "canceled":
        return track if drafted is None else [*track, (drafted, "unpaid")]
    if first.status == "active":
        return track
    turned = {"paused": trial_end, "past_due": overdue, "unpaid": unpaid}
    at = turned.get(first.status, began)
    at = seen_at(first) if at is None else at
    return [*(step for step in track if step[0] < at), (at, first.status)]


def _dated(previous: SubscriptionState, state: SubscriptionState, overdue: int | None) -> int:
    """Date a change of status: by the trial's end, by the event, else by what invoices tell."""
    trial_end = state.trial_end
    if previous.status == "trialing" and trial_end is not None and previous.at < trial_end <= state.at:
        return trial_end
    if state.event is not None:
        return state.at
    turned = overdue if state.status in ("past_due", "unpaid") else None
    return max(previous.at, seen_at(state) if turned is None else turned)
