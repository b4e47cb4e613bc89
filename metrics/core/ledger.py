"""From configurations to segments: history valued under one definition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Exact, Price
from metrics.core.history import Configuration
from metrics.core.pricing import Charge, asked, discounted, is_contracted, monthly_micro

DURATIONS = {
    "forever_and_repeating": ("forever", "repeating"),
    "forever": ("forever",),
    "all": ("forever", "repeating", "once"),
    "none": (),
}
TRIALS = ("trialing", "item_trialing")
COUNTING = ("active", "past_due")
DAY = 86_400
SUBSCRIPTION, TOGETHER = attrgetter("subscription"), attrgetter("start", "currency")
ORDER = attrgetter("subscription", "start", "currency")


class Segment(NamedTuple):
    """One item's MRR over `[start, end)`; 0 names the rule that left it out in `excluded`.

    `committed_micro` leaves out requested cancellations and adds what is signed, not started;
    `interval` reads `3 month`; `contracted` tells a year or longer.
    """

    subscription: str
    item: str
    start: int
    end: int | None
    currency: str
    price: str
    product: str
    interval: str
    quantity: int
    mrr_micro: int
    committed_micro: int
    contracted: bool
    excluded: str
    discounts: tuple[str, ...]
    cancellation: str
    evidence: tuple[str, ...]
    start_exact: bool
    end_exact: bool


# What a reader sees of a segment beside its span.
SHOWN = slice(Segment._fields.index("currency"), Segment._fields.index("cancellation"))
Items = Mapping[str, Sequence[Segment]]


def segments(
    configurations: Iterable[Configuration], catalogue: Catalogue, definition: Definition
) -> tuple[Segment, ...]:
    """Value one customer's configurations under a definition, by item and time."""
    ledger: list[Segment] = []
    rows = sorted(_past_grace(configurations, definition), key=ORDER)
    for _, own in groupby(rows, key=SUBSCRIPTION):
        items: dict[str, list[Segment]] = defaultdict(list)
        for _, together in groupby(own, key=TOGETHER):
            # None of an instant counts as before the others.
            for segment in list(_valued(list(together), catalogue, definition, items)):
                _append(items[segment.item], segment)
        ledger += chain(*[items[name] for name in sorted(items)])
    return tuple(ledger)


def _past_grace(rows: Iterable[Configuration], definition: Definition) -> Iterator[Configuration]:
    """Cut rows where grace runs out, so that `unpaid_since` is left only where it has."""
    grace = definition.past_due_grace_days
    for row in rows:
        if row.unpaid_since is None or grace is None:
            yield row
            continue
        over = row.unpaid_since + grace * DAY
        if row.start < over:
            yield row._replace(unpaid_since=None, end=over if row.end is None else min(over, row.end))
        if row.end is None or over < row.end:
            yield row._replace(start=max(row.start, over))


def _valued(
    rows: list[Configuration], catalogue: Catalogue, definition: Definition, before: Items
) -> Iterator[Segment]:
    """Value the items that one subscription has at the same time, for they share its coupons."""
    durations, coupons, charges = DURATIONS[definition.discounts], catalogue.coupons, []
    for row in rows:
        price, counting = catalogue.prices[row.price], row.discounts
        if counting:
            known = [one for one in counting if one.coupon in coupons and not price.metered]
            counting = tuple([one for one in known if coupons[one.coupon].duration in durations])
        amount = row.usage if price.metered else asked(price, row.quantity, row.currency)
        charges.append(Charge(amount, price.product, counting))
    left = discounted(charges, coupons, rows[0].currency)
    for row, charge, amount in zip(rows, charges, left, strict=True):
        price = catalogue.prices[row.price]
        value = monthly_micro(price, amount * (1 - row.tax_share) if row.tax_share else amount)
        excluded = _excluded(row, price, charge.amount, value, definition, before)
        mrr = 0 if excluded else value
        yield Segment(
            row.subscription,
            row.item,
            row.start,
            row.end,
            row.currency,
            row.price,
            price.product,
            f"{price.interval_count} {price.interval}",
            row.quantity,
            mrr,
            value if excluded == "not_started" else 0 if row.cancel_requested else mrr,
            is_contracted(price),
            excluded,
            tuple([applied.discount for applied in charge.discounts]),
            row.cancellation,
            row.evidence,
            row.start_exact,
            row.end_exact,
        )


def _excluded(
    row: Configuration,
    price: Price,
    amount: Exact | None,
    value: int,
    definition: Definition,
    before: Items,
) -> str:
    """Name the first rule that leaves a configuration out of MRR, empty when none does.

    A trial of what has counted before is a gift to a customer, not churn.
    """
    if row.status in TRIALS:
        on_trial = before if row.status == "trialing" else {row.item}
        if not any(segment.mrr_micro for item in on_trial for segment in before.get(item, ())):
            return "trial"
    elif row.status not in COUNTING:
        return row.status
    return (
        (price.metered and definition.usage == "exclude" and "usage")
        or (amount is None and "price")
        or (amount == 0 and "free")
        or (value == 0 and "discount")
        or (definition.require_first_payment and not row.paid and "first_payment")
        or (definition.refunds_netted_out and row.refunded and "refund")
        or (row.collection_paused and not definition.paused_counts and "paused")
        or (row.unpaid_since is not None and definition.past_due_grace_days is not None and "payment_failure")
        or (row.cancel_requested and definition.churn_at == "cancellation_request" and "cancellation")
        or ""
    )


def _append(item: list[Segment], segment: Segment) -> None:
    """Add a segment, as one with the segment before when they meet and show the same."""
    last = item[-1] if item else segment
    if last.end != segment.start or last[SHOWN] != segment[SHOWN]:
        item.append(segment)
        return
    evidence = tuple(dict.fromkeys(last.evidence + segment.evidence))
    item[-1] = last._replace(end=segment.end, evidence=evidence, end_exact=segment.end_exact)
