"""Everything that changes about one subscription, side by side, each thing with its own dates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter

from metrics.core import payments, standing
from metrics.core.changes import Change, Terms, Trails
from metrics.core.facts import Catalogue, Customer, Subscription, SubscriptionState
from metrics.core.pricing import asked
from metrics.core.redemptions import Redemption, redemptions


@dataclass(frozen=True, slots=True)
class ItemTimeline:
    """All that changes about one item, each thing with its own dates."""

    trail: list[Change]
    pauses: list[standing.Pause]
    trial: payments.Span | None
    usage: list[tuple[int, Fraction]]
    tax_share: Fraction | None
    evidence: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All that changes about one subscription and its items, each thing with its own dates."""

    subscription: str
    began: int
    ended: int | None
    items: dict[str, ItemTimeline]
    statuses: standing.Track
    requests: list[tuple[int, bool]]
    counts_from: int | None
    unpaid: list[payments.Span]
    refunded_from: int | None
    redeemed: list[Redemption]
    cancellation: str


def timeline(
    subscription: Subscription,
    customer: Customer,
    catalogue: Catalogue,
    states: list[SubscriptionState],
    billed: list[payments.Billed],
    trails: Trails,
) -> Timeline:
    """Lay out everything that changes about a subscription, given its lines by their start."""
    ended = standing.ended_at(states)
    began = states[-1].start_date if states else min(trail[0].at for trail in trails.values())
    unpaid = payments.unpaid_spans(subscription.invoices)
    overdue = min((due for due, end in unpaid if end is None), default=None)
    logged = states[0].at if states and states[0].event else None
    regular = payments.regular(billed)
    unlogged = [pair for pair in regular if logged is None or pair[0].period_start < logged]
    of_item: dict[str, list[payments.Billed]] = {}
    for line, invoice in billed:
        of_item.setdefault(line.subscription_item or "", []).append((line, invoice))
    automatic = not states or states[-1].collection_method == "charge_automatically"
    tried = any(state.trial_end is not None for state in states)
    priced_from = None if tried else max(_priced_from(trails, catalogue), began)
    return Timeline(
        subscription=subscription.id,
        began=began,
        ended=ended,
        items={
            item: _item(item, trail, states, of_item.get(item, []), catalogue)
            for item, trail in trails.items()
        },
        statuses=standing.statuses(states, regular, overdue),
        requests=standing.cancel_requests(states),
        counts_from=payments.counts_from(regular, began, priced_from) if automatic else began,
        unpaid=unpaid,
        refunded_from=payments.refunded_from(billed, customer, ended),
        redeemed=redemptions(customer, states, unlogged, catalogue.coupons) if customer.discounts else [],
        cancellation=standing.cancellation(states),
    )


def _item(
    item: str,
    trail: list[Change],
    states: Sequence[SubscriptionState],
    lines: Sequence[payments.Billed],
    catalogue: Catalogue,
) -> ItemTimeline:
    regular = payments.regular(lines)
    shown = [(state, one) for state in states for one in state.items if one.id == item]
    trials = [(one.trial_start, one.trial_end) for _, one in shown if one.trial_start is not None]
    evidence = [(line.period_start, f"{invoice.id}/{line.id}") for line, invoice in lines]
    evidence += [(state.at, state.event) for state, _ in shown if state.event]
    percent = shown[-1][1].inclusive_tax_percent if shown else None
    price = next((change.terms.price for change in reversed(trail) if change.terms), "")
    return ItemTimeline(
        trail=_turns(trail),
        pauses=standing.pauses(states, regular, item),
        trial=trials[-1] if trials else None,
        usage=_usage(lines) if catalogue.prices[price].metered else [],
        tax_share=_tax_share(regular, percent, catalogue.prices[price].tax_inclusive),
        evidence=sorted(evidence),
    )


def _turns(trail: Iterable[Change]) -> list[Change]:
    """Drop renewals, and keep the last of the changes of one second."""
    turns: list[Change] = []
    for change in sorted(trail, key=attrgetter("at")):
        if turns and turns[-1].at == change.at:
            turns.pop()
        if not turns or turns[-1].terms != change.terms:
            turns.append(change)
    return turns


def _priced_from(trails: Trails, catalogue: Catalogue) -> int:
    """Return when an item first had a price above 0."""
    priced = (
        next((change.at for change in trail if change.terms and _asks(change.terms, catalogue)), None)
        for trail in trails.values()
    )
    return min((at for at in priced if at is not None), default=0)


def _asks(terms: Terms, catalogue: Catalogue) -> bool:
    return bool(asked(catalogue.prices[terms.price], terms.quantity, terms.currency))


def _tax_share(
    lines: Sequence[payments.Billed], percent: Fraction | None, inclusive: bool
) -> Fraction | None:
    """Return the inclusive tax in the price: by the latest regular line, else by the tax rates."""
    for line, _ in reversed(lines):
        if line.amount > line.discount_amount:
            return Fraction(line.inclusive_tax, line.amount - line.discount_amount)
    if percent is not None:
        return percent / (100 + percent)
    return None if inclusive else Fraction(0)


def _usage(lines: Sequence[payments.Billed]) -> list[tuple[int, Fraction]]:
    """Return the mean of the last three metered amounts, from each period's end on."""
    amounts = [
        (line.period_end, line.amount - line.discount_amount - line.inclusive_tax) for line, _ in lines
    ]
    return [
        (at, Fraction(sum(amount for _, amount in amounts[max(0, n - 2) : n + 1]), min(n + 1, 3)))
        for n, (at, _) in enumerate(amounts)
    ]
