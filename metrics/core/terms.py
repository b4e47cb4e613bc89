"""What each item was set to from when on: told by invoice lines, then by logged states."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from metrics.core.facts import ItemState, SubscriptionState
from metrics.core.record import STARTED, Billed, Record

# An item made within an hour of its subscription was there from the subscription's start.
SIGNING = 3_600


class Terms(NamedTuple):
    """What an item was set to; a metered item has quantity 1, its usage is no setting."""

    price: str
    quantity: int
    currency: str


class Change(NamedTuple):
    """An item's terms from an instant on (None: gone), and the end of the period known with them."""

    at: int
    terms: Terms | None
    until: int
    exact: bool = True


Trails = dict[str, list[Change]]


def trails(record: Record) -> Trails:
    """Return every item's changes: lines speak before the first event; one only ever credited has none."""
    found: Trails = {}
    for item, lines in record.of_item.items():
        told = [one for one in lines if one.line.period_start < record.logged]
        if told:
            found[item] = _folded(told, record)
    for state in record.states:
        _observe(found, state, record)
    for trail in found.values():
        last = trail[-1]
        if not record.states and last.terms:
            trail.append(Change(last.until, None, last.until, exact=False))
    return {item: trail for item, trail in found.items() if any(change.terms for change in trail)}


def _folded(billed: Iterable[Billed], record: Record) -> list[Change]:
    """Fold one item's lines into changes: a credit ends what it credits, any other line sets.

    Credits and debits of one second cancel, so that a change undone at once leaves no trace.
    """
    trail: list[Change] = []
    known: dict[tuple[str | None, int | None, str], Terms] = {}
    terms: Terms | None = None
    until = 0
    for at, group in groupby(billed, key=STARTED):
        regular: Terms | None = None
        debits: list[Terms] = []
        credits: list[Terms] = []
        reached = at
        for line, invoice in group:
            key = line.price, line.quantity, invoice.currency
            # Most lines say what the one before said.
            told = known.get(key) or known.setdefault(key, _terms(key[0] or "", *key[1:], record))
            if not line.proration:
                regular = told
            # Structure tells a credit, never the description.
            elif line.credited or line.amount < 0:
                credits.append(told)
                continue
            else:
                debits.append(told)
            if line.period_end > reached:
                reached = line.period_end
        base = regular or terms
        untraced = not debits and not credits and terms not in (None, base) and at >= until
        for credit in credits:
            if credit in debits:
                debits.remove(credit)
            elif not regular or credit == base:
                base = None
        terms, until = debits[-1] if debits else base, reached
        trail.append(Change(at, terms, until, not untraced))
    return trail


def _observe(found: Trails, state: SubscriptionState, record: Record) -> None:
    """Extend the trails by what a state shows: an event dates its changes, a phase may, a fetch does not."""
    items = {item.id: item for item in state.items}
    for name in dict.fromkeys([*items, *found]):
        item, trail, terms = items.get(name), found.setdefault(name, []), None
        if item:
            terms = _terms(item.price, item.quantity, state.currency, record)
            opening = _opening(item, state, record)
            if not trail:
                trail.append(Change(opening, terms, item.current_period_end or 0))
            elif state is record.states[0] and opening < trail[0].at:
                trail.insert(0, trail[0]._replace(at=opening))
        last = trail[-1]
        at, exact = (state.at, True) if terms == last.terms else record.dated(state, last.until)
        if terms and not exact:
            phases = (one.start for one in record.subscription.phases if terms[:2] in one.items)
            planned = next((start for start in phases if last.at < start <= state.at), None)
            at, exact = (at, False) if planned is None else (planned, True)
        until = (item.current_period_end if item else None) or last.until
        trail.append(Change(max(at, last.at), terms, until, exact))


def _opening(item: ItemState, state: SubscriptionState, record: Record) -> int:
    if item.created is None:
        return state.start_date if state is record.states[0] else state.at
    signed = state.start_date if state.created is None else state.created
    return state.start_date if item.created <= signed + SIGNING else item.created


def _terms(price: str, quantity: int | None, currency: str, record: Record) -> Terms:
    metered = record.catalogue.prices[price].metered
    return Terms(price, 1 if quantity is None or metered else quantity, currency)
