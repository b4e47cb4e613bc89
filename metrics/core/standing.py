"""How a subscription stood: its status, its pauses and its cancellation, from when to when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from metrics.core.facts import Subscription, SubscriptionState
from metrics.core.payments import Billed, first_draft_renewal, paid_until, settled_at, uncollected

Track = list[tuple[int, str, bool]]


@dataclass(frozen=True, slots=True)
class Pause:
    """A span for which nothing was collected, and whether its bounds are dated exactly."""

    start: int
    end: int | None
    start_exact: bool = True
    end_exact: bool = True


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
    """Return the statuses by time, and whether each is dated exactly.

    `overdue` is the due instant of the oldest invoice still unpaid.
    """
    if not states:
        return []
    track = _before(states[0], lines, overdue)
    for previous, state in pairwise(states):
        if state.status != previous.status:
            at, exact = _dated(previous, state, overdue)
            track.append((at, state.status, exact))
    return track


def cancel_requests(states: Sequence[SubscriptionState]) -> list[tuple[int, bool]]:
    """Return when cancellation was asked for and taken back."""
    track: list[tuple[int, bool]] = []
    for state in states:
        requested = state.canceled_at is not None
        if requested != (bool(track) and track[-1][1]):
            track.append((seen_at(state) if state.canceled_at is None else state.canceled_at, requested))
    return track


def pauses(states: Sequence[SubscriptionState], lines: Sequence[Billed], item: str) -> list[Pause]:
    """Return when nothing was collected for an item.

    A pause acts from the end of the period already paid. Before the first event it shows in renewals
    that were never charged.
    """
    found = list(_uncharged(states, lines))
    began: SubscriptionState | None = None
    for state in states:
        if state.pause_collection and began is None:
            began = state
        elif began is not None and not state.pause_collection:
            end, end_exact = seen_at(state), state.event is not None
            found.append(Pause(_paused_from(began, lines, item), end, _logged(began, states), end_exact))
            began = None
    if began is not None:
        found.append(Pause(_paused_from(began, lines, item), None, _logged(began, states)))
    return [pause for pause in found if pause.end is None or pause.start < pause.end]


def _uncharged(states: Sequence[SubscriptionState], lines: Sequence[Billed]) -> Iterator[Pause]:
    """Tell pauses before the first event, and time unpaid, from renewals that were never charged.

    Each lasts its period, or until a payment puts the subscription right, or until it is seen to run.
    """
    charged = [line.period_start for line, invoice in lines if invoice.status in ("paid", "open")]
    first = states[0] if states else None
    logged = first.at if first and first.event else None
    runs = first and logged is None and not first.pause_collection and first.ended_at is None
    for line in uncollected(lines):
        settled = settled_at(lines, line)
        seen = seen_at(first) if first and runs and settled is None else logged
        if seen or settled or any(start >= line.period_end for start in charged):
            end = min(at for at in (line.period_end, seen, settled) if at is not None)
            yield Pause(line.period_start, end, start_exact=False, end_exact=end == settled)


def _logged(state: SubscriptionState, states: Sequence[SubscriptionState]) -> bool:
    """Tell whether an event dates what a state shows first; the first known state may have stood longer."""
    return state.event is not None and state is not states[0]


def _paused_from(state: SubscriptionState, lines: Sequence[Billed], item: str) -> int:
    period = next((one.current_period_end for one in state.items if one.id == item), None) or 0
    if state.event is None:
        return paid_until(lines, None) or period
    return max(state.at, paid_until(lines, state.at) if lines else period)


def _before(first: SubscriptionState, lines: Sequence[Billed], overdue: int | None) -> Track:
    """Tell the statuses up to the first known state from its dates and from the invoices."""
    began = first.start_date
    logged = None if first.event is None else first.at
    drafted = first_draft_renewal([pair for pair in lines if logged is None or pair[0].period_start < logged])
    trial_end = began if first.trial_end is None else first.trial_end
    track: Track = [(began, "active", True)]
    if first.trial_start is not None:
        track += [(first.trial_start, "trialing", True), (trial_end, "active", True)]
    if first.status == "trialing":
        return track[:2] if first.trial_start is not None else [(began, "trialing", True)]
    if first.status == "canceled":
        return track if drafted is None else [*track, (drafted, "unpaid", False)]
    if first.status == "active":
        return track
    unpaid = (overdue if logged is None else logged) if drafted is None else drafted
    turned = {"paused": trial_end, "past_due": overdue, "unpaid": unpaid}
    at = turned.get(first.status, began)
    at = seen_at(first) if at is None or (logged is not None and at > logged) else at
    exact = first.status not in ("past_due", "unpaid")
    return [*(step for step in track if step[0] < at), (at, first.status, exact)]


def _dated(previous: SubscriptionState, state: SubscriptionState, overdue: int | None) -> tuple[int, bool]:
    """Date a change of status: by the trial's end, by the event, else by what invoices tell."""
    trial_end = state.trial_end
    if previous.status == "trialing" and trial_end is not None and previous.at < trial_end <= state.at:
        return trial_end, True
    if state.event is not None:
        return state.at, True
    turned = overdue if state.status in ("past_due", "unpaid") else None
    return max(previous.at, seen_at(state) if turned is None else turned), False
