"""The mistakes of spreadsheets as turns of what was configured, valued by the truth's own arithmetic."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from metrics.bridge.variants import Rows, Turn, same, turned, valued, with_tax, with_trials
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import Segment

Item = tuple[str, str]
# By subscription: what it is worth in truth, and by the mistake.
Pairs = dict[str, tuple[int, int]]
Shares = Mapping[Item, Fraction]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A turn that each configuration takes, and other rules to value it by."""

    turn: Turn = same
    rules: Callable[[Definition], Definition] = lambda rules: rules
    matters: Callable[[Configuration], bool] = lambda row: False


def without_past_due(row: Configuration) -> Configuration:
    """Drop what Stripe still tries to collect."""
    return row._replace(status="unpaid") if row.status == "past_due" else row


MISTAKES = {
    "trials": Mistake(with_trials),
    "tax": Mistake(with_tax),
    "refunds": Mistake(
        rules=lambda rules: replace(rules, refunds_netted_out=False), matters=lambda row: row.refunded
    ),
    "discounts": Mistake(
        rules=lambda rules: replace(rules, discounts="none"), matters=lambda row: bool(row.discounts)
    ),
    "past_due": Mistake(without_past_due),
}


def mistaken(
    past: Rows, catalogue: Catalogue, rules: Definition, at: int, ledger: Sequence[Segment], added: Shares
) -> Iterator[tuple[str, Pairs]]:
    """Yield each mistake with the subscriptions that it values otherwise than the ledger of the instant.

    `added` holds the tax on top of an item's price, as a share of it.
    """
    truth = of_items(ledger)
    for name, mistake in MISTAKES.items():
        after, other = turned(past, mistake.turn), mistake.rules(rules)
        found = truth
        if after is not past or (other != rules and any(map(mistake.matters, past))):
            wrong = of_items(valued(after, catalogue, other, at))
            found = {item: wrong.get(item, 0) for item in truth}
        if name == "tax":
            found = {item: amount + round(amount * added.get(item, 0)) for item, amount in found.items()}
        pairs = differing(truth, found)
        if pairs:
            yield name, pairs


def of_items(ledger: Sequence[Segment]) -> dict[Item, int]:
    """Return the MRR of each item."""
    return {(one.subscription, one.item): one.mrr_micro for one in ledger}


def differing(truth: Mapping[Item, int], found: Mapping[Item, int]) -> Pairs:
    """Return the subscriptions that two valuations see differently, with both amounts."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, amounts in enumerate((truth, found)):
        for (subscription, _), amount in amounts.items():
            sums[subscription][place] += amount
    return {name: (ours, theirs) for name, (ours, theirs) in sums.items() if ours != theirs}
