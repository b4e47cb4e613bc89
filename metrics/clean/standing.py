"""What stands at an instant beside MRR: what is left out of it and why, and what long plans bill."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from operator import attrgetter

from metrics.bridge.variants import Rows, turned, valued
from metrics.clean.mistakes import Item, Pairs, of_items
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue, Exact, Price
from metrics.core.history import Configuration
from metrics.core.ledger import DURATIONS, Segment
from metrics.core.money import MICRO
from metrics.core.pricing import INTERVALS_A_YEAR, Charge, asked, discounted


def left_out(
    past: Rows, catalogue: Catalogue, rules: Definition, at: int, ledger: Sequence[Segment]
) -> dict[str, Pairs]:
    """Return by rule the subscriptions of which an item is left out, and what it would be worth.

    The worth is that of an active, paid item; one that a discount brings to 0 is worth its price.
    """
    out = {(one.subscription, one.item): one.excluded for one in ledger if one.excluded}
    if not out:
        return {}
    open_rules = replace(rules, usage="trailing_3_invoices", past_due_grace_days=None)
    active = turned(past, _as_paid)
    worth = of_items(valued(active, catalogue, open_rules, at))
    if "discount" in out.values():
        whole = of_items(valued(active, catalogue, replace(open_rules, discounts="none"), at))
        worth |= {item: whole[item] for item, rule in out.items() if rule == "discount"}
    found: dict[str, Pairs] = defaultdict(dict)
    for item, rule in out.items():
        before = found[rule].get(item[0], (0, 0))[1]
        found[rule][item[0]] = (0, before + worth.get(item, 0))
    return found


def _as_paid(row: Configuration) -> Configuration:
    return row._replace(
        status="active",
        paid=True,
        collection_paused=False,
        cancel_requested=False,
        refunded=False,
        unpaid_since=None,
    )


def holding(past: Rows, at: int) -> list[Configuration]:
    """Return the configurations that hold just before an instant, subscription by subscription."""
    rows = [row for row in past if row.start < at and (row.end is None or row.end >= at)]
    return sorted(rows, key=attrgetter("subscription"))


def interval_amounts(
    rows: Sequence[Configuration], catalogue: Catalogue, rules: Definition
) -> dict[Item, Exact]:
    """Return what one billing interval of each item costs, discounts and tax taken off."""
    amounts: dict[Item, Exact] = {}
    for _, group in groupby(rows, key=attrgetter("subscription")):
        together = list(group)
        left = discounted(
            [_charge(row, catalogue, rules) for row in together], catalogue.coupons, together[0].currency
        )
        for row, amount in zip(together, left, strict=True):
            amounts[row.subscription, row.item] = amount * (1 - (row.tax_share or 0))
    return amounts


def _charge(row: Configuration, catalogue: Catalogue, rules: Definition) -> Charge:
    price, coupons = catalogue.prices[row.price], catalogue.coupons
    known = [one for one in row.discounts if one.coupon in coupons and not price.metered]
    counting = tuple(one for one in known if coupons[one.coupon].duration in DURATIONS[rules.discounts])
    amount = None if price.metered else asked(price, row.quantity, row.currency)
    return Charge(amount, price.product, counting)


def months_of(price: Price) -> Fraction:
    """Return how many months a price's interval lasts: 12 for a year, 12/52 for a week."""
    return Fraction(12 * price.interval_count, INTERVALS_A_YEAR.get(price.interval or "", 12))


def long_plans(
    past: Rows, catalogue: Catalogue, rules: Definition, at: int, ledger: Sequence[Segment]
) -> tuple[Pairs, int]:
    """Return the counted subscriptions billed for more than a month, and how many items are not ÷ months.

    Each stands with its MRR and with what one interval bills.
    """
    prices = catalogue.prices
    counted = [one for one in ledger if one.mrr_micro and months_of(prices[one.price]) > 1]
    if not counted:
        return {}, 0
    amounts = interval_amounts(holding(past, at), catalogue, rules)
    pairs: Pairs = {}
    wrong = 0
    for one in counted:
        amount = amounts[one.subscription, one.item]
        wrong += one.mrr_micro != round(amount * MICRO / months_of(prices[one.price]))
        ours, theirs = pairs.get(one.subscription, (0, 0))
        pairs[one.subscription] = (ours + one.mrr_micro, theirs + round(amount * MICRO))
    return pairs, wrong
