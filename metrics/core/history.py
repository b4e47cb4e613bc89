"""From facts to configurations: what was configured from when to when, whatever the definition says."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from math import inf
from operator import itemgetter
from typing import TypeVar

from metrics.core.changes import Terms, changes
from metrics.core.discounts import Applied
from metrics.core.facts import Catalogue, Customer, Subscription, SubscriptionState
from metrics.core.payments import Billed, Span, unpaid_since
from metrics.core.pricing import asked
from metrics.core.redemptions import bounds, in_effect
from metrics.core.standing import known_states
from metrics.core.timeline import ItemTimeline, Timeline, timeline

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One item over `[start, end)` with nothing about it changing; `end` None is open.

    All items of a subscription are cut at the same instants; a bound that is not exact was dated by
    a period boundary for want of a trace. `tax_share` is the inclusive tax in the price,
    None when the price includes tax of an unknown rate. `unpaid_since` is the due instant of the
    oldest invoice unpaid for a day or more. `usage` is the mean of the last three metered amounts.
    """

    subscription: str
    item: str
    start: int
    end: int | None
    price: str
    quantity: int
    currency: str
    status: str = "active"
    paid: bool = True
    collection_paused: bool = False
    cancel_requested: bool = False
    refunded: bool = False
    unpaid_since: int | None = None
    discounts: tuple[Applied, ...] = ()
    tax_share: Fraction | None = Fraction(0)
    usage: Fraction | None = None
    cancellation: str = "cancellation"
    evidence: tuple[str, ...] = ()
    start_exact: bool = True
    end_exact: bool = True


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that could not be used: its Stripe id and the rule that says why."""

    object_id: str
    rule: str


@dataclass(frozen=True, slots=True)
class History:
    """One customer's configurations by subscription, start and item, and the facts left over."""

    configurations: tuple[Configuration, ...]
    set_aside: tuple[SetAside, ...] = ()


def history(customer: Customer, catalogue: Catalogue) -> History:
    """Return what the customer's subscriptions were configured as, from invoice lines and events."""
    rows: list[Configuration] = []
    aside = _idle_discounts(customer, catalogue)
    for subscription in customer.subscriptions:
        billed = _billed(subscription, catalogue, aside)
        states = [_usable(state, catalogue, aside) for state in known_states(subscription)]
        trails = changes(subscription, states, billed, catalogue.prices)
        if trails:
            laid_out = timeline(subscription, customer, catalogue, states, billed, trails)
            if laid_out.ended is None or laid_out.began < laid_out.ended:
                rows += _rows(laid_out, catalogue)
            elif laid_out.ended < laid_out.began:
                aside.append(SetAside(subscription.id, "subscription_ends_before_start"))
    return History(tuple(rows), tuple(dict.fromkeys(aside)))


def _billed(subscription: Subscription, catalogue: Catalogue, aside: list[SetAside]) -> list[Billed]:
    """Return the recurring lines by their start; those that cannot be used are set aside."""
    billed = []
    for invoice in sorted(subscription.invoices, key=lambda invoice: invoice.created):
        for line in invoice.lines:
            price = catalogue.prices.get(line.price or "")
            if line.subscription_item is None or (price and price.interval is None):
                continue
            if price is None:
                aside.append(SetAside(f"{invoice.id}/{line.id}", "unknown_price"))
            elif line.period_end <= line.period_start:
                aside.append(SetAside(f"{invoice.id}/{line.id}", "empty_period"))
            else:
                billed.append((line, invoice))
    return sorted(billed, key=lambda pair: pair[0].period_start)


def _usable(state: SubscriptionState, catalogue: Catalogue, aside: list[SetAside]) -> SubscriptionState:
    """Return the state without items of unknown prices; those and prices without amounts are listed."""
    items = tuple(item for item in state.items if item.price in catalogue.prices)
    for item in items:
        price = catalogue.prices[item.price]
        if not price.metered and asked(price, 1, state.currency) is None:
            aside.append(SetAside(item.id, "price_without_amount"))
    if len(items) == len(state.items):
        return state
    aside += [SetAside(item.id, "unknown_price") for item in state.items if item not in items]
    return replace(state, items=items)


def _idle_discounts(customer: Customer, catalogue: Catalogue) -> list[SetAside]:
    """Return the discounts that can take nothing off, and why."""
    known = [one for subscription in customer.subscriptions for one in known_states(subscription)]
    currencies = {state.currency for state in known}
    aside = []
    for discount in customer.discounts.values():
        coupon = catalogue.coupons.get(discount.coupon)
        if coupon is None:
            aside.append(SetAside(discount.id, "unknown_coupon"))
        elif discount.end is not None and discount.end < discount.start:
            aside.append(SetAside(discount.id, "ends_before_start"))
        elif coupon.amounts_off and currencies and currencies.isdisjoint(coupon.amounts_off):
            aside.append(SetAside(discount.id, "coupon_of_another_currency"))
    return aside


def _cuts(line: Timeline, catalogue: Catalogue) -> dict[int, bool]:
    """Return every instant at which anything changes, by time, and whether it is dated exactly."""
    cuts = [(line.began, True), *((at, True) for at, _ in line.requests)]
    cuts += [(at, exact) for at, _, exact in line.statuses]
    cuts += [(at, True) for at in (line.counts_from, line.refunded_from) if at is not None]
    cuts += [(at, True) for span in line.unpaid for at in span if at is not None]
    terms = [change.terms for item in line.items.values() for change in item.trail if change.terms]
    prices = [catalogue.prices[price] for price in {one.price for one in terms}]
    cuts += [(at, True) for at in bounds(line.redeemed, prices, catalogue.coupons)]
    cuts += [(one.end, False) for one in line.redeemed if one.end is not None and not one.exact]
    for item in line.items.values():
        cuts += [(change.at, change.exact) for change in item.trail]
        cuts += [(pause.start, pause.start_exact) for pause in item.pauses]
        cuts += [(pause.end, pause.end_exact) for pause in item.pauses if pause.end is not None]
        cuts += [(at, True) for at in item.trial or () if at is not None]
        cuts += [(at, True) for at, _ in item.usage]
    ended = inf if line.ended is None else line.ended
    within = sorted(cut for cut in cuts if line.began <= cut[0] and cut[0] < ended)
    return {at: min(exact for _, exact in group) for at, group in groupby(within, key=itemgetter(0))}


def _rows(line: Timeline, catalogue: Catalogue) -> Iterator[Configuration]:
    cuts = _cuts(line, catalogue)
    for start, end in zip(cuts, [*list(cuts)[1:], line.ended], strict=True):
        for name, item in line.items.items():
            terms = _latest([(change.at, change.terms) for change in item.trail], start, None)
            if terms is not None:
                dated = cuts[start], end is None or cuts.get(end, True)
                yield _row(line, name, item, terms, (start, end), dated, catalogue)


def _row(
    line: Timeline,
    name: str,
    item: ItemTimeline,
    terms: Terms,
    span: tuple[int, int | None],
    dated: tuple[bool, bool],
    catalogue: Catalogue,
) -> Configuration:
    start, end = span
    trialing = item.trial is not None and _within([item.trial], start)
    return Configuration(
        subscription=line.subscription,
        item=name,
        start=start,
        end=end,
        price=terms.price,
        quantity=terms.quantity,
        currency=terms.currency,
        status="item_trialing" if trialing else _latest(line.statuses, start, "active"),
        paid=line.counts_from is not None and line.counts_from <= start,
        collection_paused=_within([(pause.start, pause.end) for pause in item.pauses], start),
        cancel_requested=_latest(line.requests, start, False),
        refunded=line.refunded_from is not None and line.refunded_from <= start,
        unpaid_since=unpaid_since(line.unpaid, start),
        discounts=in_effect(line.redeemed, name, catalogue.prices[terms.price], start, catalogue.coupons),
        tax_share=item.tax_share,
        usage=_latest(item.usage, start, None),
        cancellation=line.cancellation,
        evidence=_evidence(item.evidence, start, end),
        start_exact=dated[0],
        end_exact=dated[1],
    )


def _latest(track: Sequence[tuple[int, Value] | tuple[int, Value, bool]], at: int, default: Value) -> Value:
    """Return what a track holds at an instant."""
    index = bisect_right(track, at, key=itemgetter(0))
    return track[index - 1][1] if index else default


def _within(spans: Sequence[Span], at: int) -> bool:
    return any(start <= at and (end is None or at < end) for start, end in spans)


def _evidence(shown: Sequence[tuple[int, str]], start: int, end: int | None) -> tuple[str, ...]:
    """Return what shows a configuration: all within its span, and the last before it."""
    known = bisect_right(shown, start, key=itemgetter(0))
    since = shown[max(known - 1, 0)][0] if shown else start
    first = bisect_left(shown, since, key=itemgetter(0))
    last = len(shown) if end is None else bisect_left(shown, end, key=itemgetter(0))
    return tuple(name for _, name in shown[first : max(last, known)])
