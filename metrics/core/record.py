"""One subscription's facts in order, as far as they can be used; the others are set aside with a rule."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from metrics.core.facts import (
    Catalogue,
    Customer,
    Invoice,
    ItemState,
    Line,
    Subscription,
    SubscriptionState,
)
from metrics.core.marks import FOREVER
from metrics.core.pricing import asked


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that could not be used: its Stripe id and the rule that says why."""

    object_id: str
    rule: str


class Billed(NamedTuple):
    """A recurring line and its invoice."""

    line: Line
    invoice: Invoice


STARTED = attrgetter("line.period_start")


@dataclass(frozen=True, slots=True)
class Record:
    """One subscription's states by time, the fetched one last, and its recurring lines by start.

    `regular` are the lines that bill a whole period. From `logged` on events tell everything.
    """

    subscription: Subscription
    customer: Customer
    catalogue: Catalogue
    states: list[SubscriptionState]
    billed: list[Billed]
    regular: list[Billed]
    of_item: dict[str, list[Billed]]
    shown: dict[str, list[tuple[SubscriptionState, ItemState]]]
    logged: int
    began: int
    ended: int

    def seen(self, state: SubscriptionState) -> int:
        """Return what dates a state: its event, else the start of the period that it was fetched in."""
        return self.period(state) if state.event is None else state.at

    def period(self, state: SubscriptionState) -> int:
        """Return the start of the latest period that a state shows."""
        return max((item.current_period_start or 0 for item in state.items), default=0) or state.start_date

    def dated(self, state: SubscriptionState, until: int) -> tuple[int, bool]:
        """Date what a state shows changed, given the end of the period that last showed it unchanged.

        An event dates it where another state stands before; the first one only says that it has been.
        """
        if state.event is None:
            return until or state.at, False
        if state is self.states[0]:
            return min(until or state.at, state.at), False
        return state.at, True


def recorded(
    subscription: Subscription, customer: Customer, catalogue: Catalogue, aside: list[SetAside]
) -> Record:
    """Return the usable facts of a subscription in order.

    An ended subscription never returns, so its end comes last even where clocks ran backwards.
    """
    states = sorted(subscription.snapshots, key=lambda state: (state.ended_at is not None, state.at))
    present = subscription.present
    if present and (not states or present.at >= states[-1].at):
        states.append(present)
    states = [_usable(state, catalogue, aside) for state in states]
    billed = _billed(subscription, catalogue, aside)
    logged = states[0].at if states and states[0].event else FOREVER
    began = states[-1].start_date if states else billed[0].line.period_start if billed else 0
    of_item: dict[str, list[Billed]] = defaultdict(list)
    shown: dict[str, list[tuple[SubscriptionState, ItemState]]] = defaultdict(list)
    for one in billed:
        of_item[one.line.subscription_item or ""].append(one)
    for state in states:
        for item in state.items:
            shown[item.id].append((state, item))
    ended = _ended(states[-1:])
    whole = regular(billed)
    return Record(
        subscription, customer, catalogue, states, billed, whole, of_item, shown, logged, began, ended
    )


def regular(billed: Iterable[Billed]) -> list[Billed]:
    """Return the lines that bill a whole period."""
    return [one for one in billed if not one.line.proration]


def _ended(last: Iterable[SubscriptionState]) -> int:
    """Return when the subscription ended; an archive may tell only that it is canceled."""
    for state in last:
        if state.ended_at is not None:
            return state.ended_at
        if state.status == "canceled":
            return state.at if state.canceled_at is None else state.canceled_at
    return FOREVER


def _billed(subscription: Subscription, catalogue: Catalogue, aside: list[SetAside]) -> list[Billed]:
    billed, prices = [], catalogue.prices
    for invoice in sorted(subscription.invoices, key=attrgetter("created")):
        for line in invoice.lines:
            price = prices.get(line.price or "")
            if line.subscription_item is None or (price and price.interval is None):
                continue
            if price is None:
                aside.append(SetAside(f"{invoice.id}/{line.id}", "unknown_price"))
            elif line.period_end <= line.period_start:
                aside.append(SetAside(f"{invoice.id}/{line.id}", "empty_period"))
            else:
                billed.append(Billed(line, invoice))
    return sorted(billed, key=STARTED)


def _usable(state: SubscriptionState, catalogue: Catalogue, aside: list[SetAside]) -> SubscriptionState:
    """Return the state without items of unknown prices; those and prices without amounts are listed."""
    items: list[ItemState] = []
    for item in state.items:
        price = catalogue.prices.get(item.price)
        if price is None:
            aside.append(SetAside(item.id, "unknown_price"))
            continue
        items.append(item)
        if not price.metered and asked(price, 1, state.currency) is None:
            aside.append(SetAside(item.id, "price_without_amount"))
    return state if len(items) == len(state.items) else state._replace(items=tuple(items))
