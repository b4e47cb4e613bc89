"""From configurations to segments: history valued under one definition."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

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


@dataclass(frozen=True, slots=True)
class Segment:
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


def segments(
    configurations: Iterable[Configuration], catalogue: Catalogue, definition: Definition
) -> tuple[Segment, ...]:
    """Value one customer's configurations under a definition, by item and time."""
    ledger: dict[tuple[str, str], list[Segment]] = defaultdict(list)
    counted: set[str] = set()
    rows = sorted(_past_grace(configurations, definition), key=_together)
    for _, group in groupby(rows, key=_together):
        valued = list(_valued(list(group), catalogue, definition, counted))
        counted.update(name for one in valued if one.mrr_micro for name in (one.subscription, one.item))
        for segment in valued:
            _append(ledger[segment.subscription, segment.item], segment)
    return tuple(segment for item in sorted(ledger) for segment in ledger[item])


def _together(row: Configuration) -> tuple[str, int, str]:
    return row.subscription, row.start, row.currency


def _past_grace(rows: Iterable[Configuration], definition: Definition) -> Iterator[Configuration]:
    """Cut rows where grace runs out, so that `unpaid_since` is left only where it has."""
    grace = definition.past_due_grace_days
    for row in rows:
        if row.unpaid_since is None or grace is None:
            yield row
            continue
        over = row.unpaid_since + grace * DAY
        if row.start < over:
            yield replace(row, unpaid_since=None, end=over if row.end is None else min(over, row.end))
        if row.end is None or over < row.end:
            yield replace(row, start=max(row.start, over))


def _valued(
    rows: list[Configuration], catalogue: Catalogue, definition: Definition, counted: set[str]
) -> Iterator[Segment]:
    """Value the items that one subscription has at the same time, for they share its coupons."""
    durations, coupons, charges = DURATIONS[definition.discounts], catalogue.coupons, []
    for row in rows:
        price = catalogue.prices[row.price]
        known = [one for one in row.discounts if one.coupon in coupons and not price.metered]
        counting = tuple(one for one in known if coupons[one.coupon].duration in durations)
        amount = row.usage if price.metered else asked(price, row.quantity, row.currency)
        charges.append(Charge(amount, price.product, counting))
    left = discounted(charges, coupons, rows[0].currency)
    for row, charge, amount in zip(rows, charges, left, strict=True):
        price = catalogue.prices[row.price]
        value = monthly_micro(price, amount * (1 - row.tax_share) if row.tax_share else amount)
        excluded = _excluded(row, price, charge.amount, value, definition, counted)
        mrr = 0 if excluded else value
        yield Segment(
            subscription=row.subscription,
            item=row.item,
            start=row.start,
            end=row.end,
            currency=row.currency,
            price=row.price,
            product=price.product,
            interval=f"{price.interval_count} {price.interval}",
            quantity=row.quantity,
            mrr_micro=mrr,
            committed_micro=value if excluded == "not_started" else 0 if row.cancel_requested else mrr,
            contracted=is_contracted(price),
            excluded=excluded,
            discounts=tuple(applied.discount for applied in charge.discounts),
            cancellation=row.cancellation,
            evidence=row.evidence,
            start_exact=row.start_exact,
            end_exact=row.end_exact,
        )


def _excluded(
    row: Configuration,
    price: Price,
    amount: Exact | None,
    value: int,
    definition: Definition,
    counted: set[str],
) -> str:
    """Name the first rule that leaves a configuration out of MRR, empty when none does.

    A trial of what has counted before is a gift to a customer, not churn.
    """
    if row.status in TRIALS:
        on_trial = row.subscription if row.status == "trialing" else row.item
        if on_trial not in counted:
            return "trial"
    elif row.status not in COUNTING:
        return row.status
    rules = {
        "usage": price.metered and definition.usage == "exclude",
        "price": amount is None,
        "free": amount == 0,
        "discount": value == 0,
        "first_payment": definition.require_first_payment and not row.paid,
        "refund": definition.refunds_netted_out and row.refunded,
        "paused": row.collection_paused and not definition.paused_counts,
        "payment_failure": row.unpaid_since is not None and definition.past_due_grace_days is not None,
        "cancellation": row.cancel_requested and definition.churn_at == "cancellation_request",
    }
    return next((rule for rule, holds in rules.items() if holds), "")


def _append(item: list[Segment], segment: Segment) -> None:
    """Add a segment, as one with the segment before when they meet and show the same."""
    last = item[-1] if item else segment
    if last.end != segment.start or _shown(last) != _shown(segment):
        item.append(segment)
        return
    evidence = tuple(dict.fromkeys(last.evidence + segment.evidence))
    item[-1] = replace(last, end=segment.end, evidence=evidence, end_exact=segment.end_exact)


def _shown(segment: Segment) -> tuple[str | int | tuple[str, ...], ...]:
    """Return what a reader sees of a segment beside its span; the interval follows from the price."""
    counted = segment.mrr_micro, segment.committed_micro, segment.excluded
    return (*counted, segment.price, segment.quantity, segment.currency, segment.discounts)
