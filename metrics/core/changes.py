"""When each item's price and quantity changed: from invoice lines, then from logged states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from metrics.core.facts import Invoice, ItemState, Line, Price, Subscription, SubscriptionState

# An item made within an hour of its subscription was there from the subscription's start.
SIGNING = 3_600


@dataclass(frozen=True, slots=True)
class Terms:
    """What an item was set to; a metered item has quantity 1, its usage is no setting."""

    price: str
    quantity: int
    currency: str


@dataclass(frozen=True, slots=True)
class Change:
    """An item's terms from an instant on (None: gone), and the end of the period known with them."""

    at: int
    terms: Terms | None
    until: int
    exact: bool = True


Trails = dict[str, list[Change]]


def is_credit(line: Line) -> bool:
    """Tell a proration's credit from its debit by structure, never by the description."""
    return line.proration and (line.credited or line.amount < 0)


def changes(
    subscription: Subscription,
    states: Sequence[SubscriptionState],
    billed: Iterable[tuple[Line, Invoice]],
    prices: Mapping[str, Price],
) -> Trails:
    """Return every item's changes: lines, by their start, speak before the first logged state.

    An item that is only ever credited has none.
    """
    logged = states[0].at if states and states[0].event else None
    by_item: dict[str, list[tuple[Line, Invoice]]] = {}
    for line, invoice in billed:
        if line.subscription_item and (logged is None or line.period_start < logged):
            by_item.setdefault(line.subscription_item, []).append((line, invoice))
    trails = {item: _folded(of_item, prices) for item, of_item in by_item.items()}
    for number, state in enumerate(states):
        _observe(trails, state, number == 0, subscription, prices)
    for trail in trails.values():
        if not states and trail[-1].terms:
            trail.append(Change(trail[-1].until, None, trail[-1].until, exact=False))
    return {item: trail for item, trail in trails.items() if any(change.terms for change in trail)}


def _folded(billed: Iterable[tuple[Line, Invoice]], prices: Mapping[str, Price]) -> list[Change]:
    """Fold one item's lines into changes: a credit ends what it credits, any other line sets.

    Credits and debits of one second cancel, so that a change undone at once leaves no trace.
    """
    trail: list[Change] = []
    terms, until = None, 0
    for at, group in groupby(billed, key=lambda pair: pair[0].period_start):
        lines = [
            (line, _terms(line.price or "", line.quantity, invoice.currency, prices))
            for line, invoice in group
        ]
        credits = [told for line, told in lines if is_credit(line)]
        debits = [told for line, told in lines if line.proration and not is_credit(line)]
        regular = [told for line, told in lines if not line.proration]
        base = regular[-1] if regular else terms
        for credit in credits:
            if credit in debits:
                debits.remove(credit)
            elif not regular or credit == base:
                base = None
        untraced = len(lines) == len(regular) and terms not in (None, base) and at >= until
        terms = debits[-1] if debits else base
        until = max((line.period_end for line, _ in lines if not is_credit(line)), default=at)
        trail.append(Change(at, terms, until, exact=not untraced))
    return trail


def _observe(
    trails: Trails,
    state: SubscriptionState,
    first: bool,
    subscription: Subscription,
    prices: Mapping[str, Price],
) -> None:
    """Extend the trails by what a state shows: an event dates its changes, a fetch does not."""
    for item in state.items:
        terms = _terms(item.price, item.quantity, state.currency, prices)
        trail = trails.setdefault(item.id, [])
        opening = _opening(item, state, first)
        if not trail:
            trail.append(Change(opening, terms, item.current_period_end or 0))
            continue
        if first and opening < trail[0].at:
            trail.insert(0, replace(trail[0], at=opening))
        trail.append(_change(trail[-1], terms, item, state, first, subscription))
    present = {item.id for item in state.items}
    for last, trail in [(trail[-1], trail) for item, trail in trails.items() if item not in present]:
        if last.terms:
            exact = state.event is not None and not first
            at = state.at if exact or not last.until else last.until
            at = min(at, state.at) if state.event else at
            trail.append(Change(max(at, last.at), None, at, exact))


def _change(
    last: Change,
    terms: Terms,
    item: ItemState,
    state: SubscriptionState,
    first: bool,
    subscription: Subscription,
) -> Change:
    """Date what a state shows: by its event where another state stands before it, else by a phase."""
    until = item.current_period_end or last.until
    if last.terms == terms or (state.event and not first):
        return Change(max(state.at, last.at), terms, until)
    for phase in subscription.phases:
        if last.at < phase.start <= state.at and (terms.price, terms.quantity) in phase.items:
            return Change(phase.start, terms, until)
    return Change(max(state.at if state.event else last.until, last.at), terms, until, exact=False)


def _opening(item: ItemState, state: SubscriptionState, first: bool) -> int:
    if item.created is None:
        return state.start_date if first else state.at
    signed = state.start_date if state.created is None else state.created
    return state.start_date if item.created <= signed + SIGNING else item.created


def _terms(price: str, quantity: int | None, currency: str, prices: Mapping[str, Price]) -> Terms:
    return Terms(price, 1 if quantity is None or prices[price].metered else quantity, currency)
