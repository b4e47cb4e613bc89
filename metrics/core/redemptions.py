"""From when to when each discount was in effect on an item."""

from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from metrics.core.facts import Discount, SubscriptionState
from metrics.core.intervals import add_months, after
from metrics.core.marks import FOREVER, Mark, Span, overlaid
from metrics.core.pricing import Applied
from metrics.core.record import Record
from metrics.core.terms import Change, Trails


class Sighting(NamedTuple):
    """The discounts that a line of an item, or a whole state, shows over a period."""

    at: int
    until: int
    ids: frozenset[str]
    item: str | None = None
    state: SubscriptionState | None = None


def discounts(record: Record, trails: Trails) -> Iterator[Mark]:
    """Yield what discounts lie on each item: the customer's only where the subscription has none."""
    if not record.customer.discounts:
        return
    sightings = sorted(_sightings(record), key=attrgetter("at"))
    seen = {name for sighting in sightings for name in sighting.ids}
    gone = _gone(record, sightings)
    homes = {name: item.id for state in record.states for item in state.items for name in item.discounts}
    for item, trail in trails.items():
        spans = []
        for discount in record.customer.discounts.values():
            home = discount.subscription_item or homes.get(discount.id)
            if home in (None, item) and (discount.id in seen or discount.of_customer):
                end, exact = _end(discount, trail, record, *gone.get(discount.id, (FOREVER, True)))
                applied = Applied(home is None, discount.id, discount.coupon)
                theirs = discount.of_customer and home is None
                spans.append(Span(discount.start, end, (theirs, applied), end_exact=exact))
        yield from _unknown(spans, item)
        yield from overlaid(spans, item, "discounts", _own_first)


def _unknown(spans: list[Span], item: str) -> Iterator[Mark]:
    """Mark where a discount began of which nothing tells how long it lay there."""
    for span in spans:
        bare = span.end <= span.start and not span.end_exact
        if bare and not any(other.start <= span.start < other.end for other in spans):
            yield Mark(span.start, item, "discounts", (), exact=False)


def _own_first(laid: list[tuple[bool, Applied]]) -> tuple[Applied, ...]:
    own = [applied for theirs, applied in laid if not theirs]
    return tuple(sorted(own or [applied for _, applied in laid]))


def _end(discount: Discount, trail: list[Change], record: Record, gone: int, exact: bool) -> tuple[int, bool]:
    """Return where a discount ends for an item: `once` after one interval of the price that it met."""
    coupon = record.catalogue.coupons.get(discount.coupon)
    if coupon and coupon.duration == "once":
        met = [change.terms.price for change in trail if change.terms and change.at <= discount.start]
        first = [change.terms.price for change in trail if change.terms][:1]
        price = record.catalogue.prices[(met or first)[-1]]
        return after(discount.start, price.interval or "month", price.interval_count), True
    natural = _natural(discount, record)
    return min(natural, gone), exact or natural <= gone


def _natural(discount: Discount, record: Record) -> int:
    """Return when a discount ends by itself."""
    coupon, end = record.catalogue.coupons.get(discount.coupon), discount.end
    if end is None and coupon and coupon.duration == "repeating":
        end = add_months(discount.start, coupon.duration_in_months or 0)
    return FOREVER if end is None else end


def _sightings(record: Record) -> Iterator[Sighting]:
    for line, invoice in record.regular:
        if line.period_start < record.logged:
            shown = frozenset(line.discounts + invoice.discounts)
            yield Sighting(line.period_start, line.period_end, shown, line.subscription_item)
    for state in record.states:
        shown = frozenset(state.discounts).union(*(item.discounts for item in state.items))
        until = max((item.current_period_end or 0 for item in state.items), default=0)
        yield Sighting(state.at, until, shown, None, state)


def _gone(record: Record, sightings: list[Sighting]) -> dict[str, tuple[int, bool]]:
    """Return when discounts were removed before their end: at the first sighting without them."""
    last: dict[str, Sighting] = {}
    gone: dict[str, tuple[int, bool]] = {}
    for sighting in sightings:
        for name in sighting.ids:
            last[name] = sighting
            gone.pop(name, None)
        for name in last.keys() - sighting.ids - gone.keys():
            discount, state = record.customer.discounts.get(name), sighting.state
            if state is None:
                if sighting.item == last[name].item:
                    gone[name] = sighting.at, False
            elif discount and not discount.of_customer:
                # What ended need not show what lay on it.
                if state.event is not None or record.ended < FOREVER:
                    gone[name] = record.dated(state, last[name].until)
                elif state.at < _natural(discount, record):
                    gone[name] = _by_now(record, last[name]), False
    _gone_from_customer(record, last, gone)
    return gone


def _gone_from_customer(record: Record, last: dict[str, Sighting], gone: dict[str, tuple[int, bool]]) -> None:
    """Add what the customer's own object shows of discounts that began before it was fetched."""
    customer, states = record.customer, record.states
    if customer.fetched_at is None or not states or record.ended < FOREVER:
        return
    on_subscription = set(states[-1].discounts).union(*(item.discounts for item in states[-1].items))
    for name, discount in customer.discounts.items():
        if name == customer.discount:
            gone.pop(name, None)
            continue
        known = discount.start <= customer.fetched_at < _natural(discount, record)
        if known and discount.of_customer and name not in gone and name not in on_subscription:
            gone[name] = _by_now(record, last.get(name)), False


def _by_now(record: Record, last: Sighting | None) -> int:
    """Date what is gone from a present object: the last boundary of a period, unless it was seen since."""
    began = record.period(record.states[-1])
    return began if last is None else max(min(last.until or began, began), last.at)
