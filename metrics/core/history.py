"""From facts to configurations: what was configured from when to when, whatever the definition says."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from metrics.core.facts import Catalogue, Customer, Price
from metrics.core.marks import FOREVER, Mark, overlaid
from metrics.core.payments import counts_from, refunded_from, unpaid
from metrics.core.pricing import Applied
from metrics.core.record import Billed, Record, SetAside, recorded
from metrics.core.redemptions import discounts
from metrics.core.standing import pauses, requests, statuses, trials
from metrics.core.terms import Change, Trails, trails

Fields = dict[str, Any]
Evidence = tuple[list[int], list[str]]


class Configuration(NamedTuple):
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
class History:
    """One customer's configurations by subscription, start and item, and the facts left over."""

    configurations: tuple[Configuration, ...]
    set_aside: tuple[SetAside, ...] = ()


def history(customer: Customer, catalogue: Catalogue) -> History:
    """Return what the customer's subscriptions were configured as, from invoice lines and events."""
    rows: list[Configuration] = []
    aside: list[SetAside] = []
    records = [recorded(one, customer, catalogue, aside) for one in customer.subscriptions]
    for record in records:
        changes = trails(record)
        if record.began < record.ended:
            rows += _configurations(record, changes)
        elif changes and record.ended < record.began:
            aside.append(SetAside(record.subscription.id, "subscription_ends_before_start"))
    aside += _idle_discounts(customer, catalogue, {state.currency for one in records for state in one.states})
    return History(tuple(rows), tuple(dict.fromkeys(aside)))


def _idle_discounts(customer: Customer, catalogue: Catalogue, currencies: set[str]) -> Iterator[SetAside]:
    """Yield the discounts that can take nothing off, and why."""
    for discount in customer.discounts.values():
        coupon = catalogue.coupons.get(discount.coupon)
        if coupon is None:
            yield SetAside(discount.id, "unknown_coupon")
        elif discount.end is not None and discount.end < discount.start:
            yield SetAside(discount.id, "ends_before_start")
        elif coupon.amounts_off and currencies and currencies.isdisjoint(coupon.amounts_off):
            yield SetAside(discount.id, "coupon_of_another_currency")


def _configurations(record: Record, changes: Trails) -> Iterator[Configuration]:
    """Cut a subscription wherever a mark changes anything, and yield each item as it then stood."""
    evidence = {item: _evidence(record, item) for item in changes}
    cuts = [*_cuts(record, changes), (record.ended, True, {})]
    for (start, start_exact, items), (end, end_exact, _) in pairwise(cuts):
        for item, fields in items.items():
            until = None if end == FOREVER else end
            terms = fields.pop("terms")
            fields |= {"start_exact": start_exact, "end_exact": end_exact}
            fields["evidence"] = _within(evidence[item], start, end)
            yield Configuration(record.subscription.id, item, start, until, *terms, **fields)


def _cuts(record: Record, changes: Trails) -> Iterator[tuple[int, bool, dict[str, Fields]]]:
    """Yield the instants at which anything changes, whether they are exact, and the items from then on."""
    now: dict[str | None, Fields] = {
        item: {"tax_share": _tax_share(record, item, _price(record, trail))}
        for item, trail in changes.items()
    }
    now[None] = {"paid": False}
    if record.states:
        now[None]["cancellation"] = record.states[-1].cancellation
    marks = [mark for mark in _marks(record, changes) if mark.at < record.ended]
    marks.sort(key=attrgetter("at"))
    for at, group in groupby(marks, key=lambda mark: max(mark.at, record.began)):
        latest = {(mark.item, mark.field): mark for mark in group}
        turned = [mark for mark in latest.values() if now[mark.item].get(mark.field) != mark.value]
        for mark in turned:
            now[mark.item][mark.field] = mark.value
            if mark.value is None:
                del now[mark.item][mark.field]
        if turned:
            exact = all(mark.exact or mark.at < at for mark in turned)
            items = {item: now[None] | now[item] for item in changes if "terms" in now[item]}
            yield at, exact, items


def _marks(record: Record, changes: Trails) -> Iterator[Mark]:
    owed = list(unpaid(record.subscription.invoices))
    overdue = min((span.start for span in owed if span.end == FOREVER), default=None)
    yield from statuses(record, overdue)
    yield from requests(record)
    yield from overlaid(owed, None, "unpaid_since")
    yield Mark(counts_from(record, changes), None, "paid", True)
    yield Mark(refunded_from(record), None, "refunded", True)
    yield from discounts(record, changes)
    for item, trail in changes.items():
        yield from _terms(trail, item, record.began)
        yield from overlaid(pauses(record, item), item, "collection_paused")
        yield from overlaid(trials(record, item), item, "status")
        if _price(record, trail).metered:
            yield from _usage(record.of_item[item], item)


def _terms(trail: Sequence[Change], item: str, began: int) -> Iterator[Mark]:
    """Yield what an item was set to, less what says at a later instant what held already."""
    held, since = None, began
    for at, terms, _, exact in trail:
        if terms != held or at <= since:
            yield Mark(at, item, "terms", terms, exact)
            held, since = terms, max(at, began)


def _price(record: Record, trail: Sequence[Change]) -> Price:
    """Return an item's latest price."""
    price = next(change.terms.price for change in reversed(trail) if change.terms)
    return record.catalogue.prices[price]


def _usage(lines: Sequence[Billed], item: str) -> Iterator[Mark]:
    """Yield the mean of the last three metered amounts, from each period's end on."""
    amounts = [line.amount - line.discount_amount - line.inclusive_tax for line, _ in lines]
    for n, (line, _) in enumerate(lines):
        last = amounts[max(0, n - 2) : n + 1]
        yield Mark(line.period_end, item, "usage", Fraction(sum(last), len(last)))


def _tax_share(record: Record, item: str, price: Price) -> Fraction | None:
    """Return the inclusive tax in the price: by the latest regular line, else by the tax rates."""
    for line, _ in reversed(record.of_item[item]):
        if not line.proration and line.amount > line.discount_amount:
            return Fraction(line.inclusive_tax, line.amount - line.discount_amount)
    for _, shown in record.shown[item][-1:]:
        if shown.inclusive_tax_percent is not None:
            return shown.inclusive_tax_percent / (100 + shown.inclusive_tax_percent)
    return None if price.tax_inclusive else Fraction(0)


def _evidence(record: Record, item: str) -> Evidence:
    """Return what shows an item, by time: instants, and what shows it then."""
    lines = [(line.period_start, f"{invoice.id}/{line.id}") for line, invoice in record.of_item[item]]
    states = [(state.at, state.event) for state, _ in record.shown[item] if state.event]
    shown = sorted(lines + states)
    return [at for at, _ in shown], [name for _, name in shown]


def _within(shown: Evidence, start: int, end: int) -> tuple[str, ...]:
    """Return what shows a configuration: all within its span, and the last before it."""
    instants, names = shown
    known = bisect_right(instants, start)
    first = bisect_left(instants, instants[max(known - 1, 0)]) if instants else 0
    return tuple(names[first : max(bisect_left(instants, end), known)])
