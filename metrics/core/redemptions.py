"""From when to when each discount was in effect on a subscription."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from metrics.core.discounts import Applied
from metrics.core.facts import Coupon, Customer, Discount, Invoice, Line, Price, SubscriptionState
from metrics.core.intervals import add_months, after


@dataclass(frozen=True, slots=True)
class Redemption:
    """A discount on an item, or (item None) on all of a subscription, over `[start, end)`."""

    start: int
    end: int | None
    applied: Applied
    item: str | None
    of_customer: bool
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Sighting:
    """The discounts that a line or a state shows, and the end of the period that it shows them for."""

    at: int
    ids: frozenset[str]
    item: str | None
    until: int
    exact: bool


def redemptions(
    customer: Customer,
    states: Sequence[SubscriptionState],
    billed: Iterable[tuple[Line, Invoice]],
    coupons: Mapping[str, Coupon],
) -> list[Redemption]:
    """Return the spans of all discounts seen on one subscription, and of its customer's."""
    sightings = [_on_line(line, invoice) for line, invoice in billed]
    sightings += [_on_state(state) for state in states]
    items = {name: item.id for state in states for item in state.items for name in item.discounts}
    gone = _gone(sorted(sightings, key=lambda sighting: sighting.at), customer.discounts)
    seen = {name for sighting in sightings for name in sighting.ids}
    found = []
    for discount in customer.discounts.values():
        if discount.id in seen or _of_customer(discount):
            removed, exact = gone.get(discount.id, (None, True))
            natural = _end(discount, coupons.get(discount.coupon))
            ends = [end for end in (natural, removed) if end is not None]
            item = discount.subscription_item or items.get(discount.id)
            applied = Applied(item is None, discount.id, discount.coupon)
            exact = exact or natural == min(ends)
            of_customer = _of_customer(discount) and item is None
            found.append(
                Redemption(discount.start, min(ends, default=None), applied, item, of_customer, exact)
            )
    return found


def in_effect(
    redeemed: Sequence[Redemption], item: str, price: Price, at: int, coupons: Mapping[str, Coupon]
) -> tuple[Applied, ...]:
    """Return an item's discounts at an instant: the customer's only where the subscription has none."""
    active = [one for one in redeemed if one.start <= at < span_end(one, price, at, coupons)]
    own = [one for one in active if not one.of_customer]
    return tuple(sorted(one.applied for one in own or active if one.item in (None, item)))


def span_end(one: Redemption, price: Price, at: int, coupons: Mapping[str, Coupon]) -> int:
    """Return where a redemption ends for an item: `once` after one interval of its price."""
    end = at + 1 if one.end is None else one.end
    coupon = coupons.get(one.applied.coupon)
    if coupon is None or coupon.duration != "once" or price.interval is None:
        return end
    return after(one.start, price.interval, price.interval_count)


def bounds(
    redeemed: Sequence[Redemption], prices: Iterable[Price], coupons: Mapping[str, Coupon]
) -> set[int]:
    """Return the instants where the discounts of items at these prices may begin or end."""
    ends = {span_end(one, price, one.start, coupons) for one in redeemed for price in prices}
    return ends | {one.start for one in redeemed}


def _on_line(line: Line, invoice: Invoice) -> Sighting:
    shown = frozenset(line.discounts + invoice.discounts)
    return Sighting(line.period_start, shown, line.subscription_item, line.period_end, exact=False)


def _on_state(state: SubscriptionState) -> Sighting:
    shown = frozenset(state.discounts).union(*(item.discounts for item in state.items))
    until = max((item.current_period_end or 0 for item in state.items), default=0)
    return Sighting(state.at, shown, None, until, exact=state.event is not None)


def _gone(sightings: Sequence[Sighting], discounts: Mapping[str, Discount]) -> dict[str, tuple[int, bool]]:
    """Return when discounts were removed before their end: at the first sighting without them."""
    last: dict[str, Sighting] = {}
    gone: dict[str, tuple[int, bool]] = {}
    for sighting in sightings:
        for name in sighting.ids:
            last[name] = sighting
            gone.pop(name, None)
        for name in last.keys() - sighting.ids - gone.keys():
            discount = discounts.get(name)
            if sighting.item is None and discount and _of_customer(discount):
                continue
            if sighting.item in (None, last[name].item):
                dated = sighting.exact or sighting.item is not None
                at = sighting.at if dated else last[name].until or sighting.at
                gone[name] = (at, sighting.exact and last[name].exact)
    return gone


def _of_customer(discount: Discount) -> bool:
    return discount.subscription is None and discount.subscription_item is None


def _end(discount: Discount, coupon: Coupon | None) -> int | None:
    if discount.end is not None or coupon is None or coupon.duration != "repeating":
        return discount.end
    return add_months(discount.start, coupon.duration_in_months or 0)
