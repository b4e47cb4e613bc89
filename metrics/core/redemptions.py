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
        yield from overlaid(spans, item, "discounts", _own_first)


def _own_first(laid: list[tuple[bool, Applied]]) -> tuple[Applied, ...]:
    own = [applied for theirs, applied in laid if not theirs]
    return tuple(sorted(own or [applied for _, applied in laid]))


def _end(discount: Discount, trail: list[Change], record: Record, gone: int, exact: bool) -> tuple[int, bool]:
    """Return where a discount ends for an item: `once` after one interval of the price that it met."""
    coupon, end = record.catalogue.coupons.get(discount.coupon), discount.end
    if coupon and coupon.duration == "once":
        met = [change.terms.price for change in trail if change.terms and change.at <= discount.start]
        first = [change.terms.price for change in trail if change.terms][:1]
        price = record.catalogue.prices[(met or first)[-1]]
        return after(discount.start, price.interval or "month", price.interval_count), True
    if end is None and coupon and coupon.duration == "repeating":
        end = add_months(discount.start, coupon.duration_in_months or 0)
    natural = FOREVER if end is None else end
    return min(natural, gone), exact or natural <= gone


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
            discount = record.customer.discounts.get(name)
            if sighting.state is None:
                if sighting.item == last[name].item:
                    gone[name] = sighting.at, False
            elif discount and not discount.of_customer:
                gone[name] = record.dated(sighting.state, last[name].until)
    return gone
