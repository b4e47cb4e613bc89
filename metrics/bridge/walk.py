"""The walk from our MRR of one customer to that of another tool, rule by rule, down to subscriptions."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metrics.bridge.variants import Rows, Variant, felt, turned, valued
from metrics.build.batch import fits
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration

# Micro units by subscription; those of 0 are absent.
Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Moved:
    """What one rule makes of one subscription; the amounts are before the rule and after it."""

    tool: str
    rule: str
    subscription: str
    before_micro: int
    after_micro: int


@dataclass(frozen=True, slots=True)
class Walked:
    """One customer under our rules, under each tool's, and all that moved on the way."""

    ours_micro: int
    theirs_micro: Mapping[str, int]
    moved: tuple[Moved, ...]


class Walker:
    """Value one customer just before an instant, each distinct question once."""

    def __init__(self, rows: Sequence[Configuration], catalogue: Catalogue, currency: str, at: int) -> None:
        self.rows = tuple(rows)
        self._catalogue, self._currency, self._at = catalogue, currency, at
        self._known: dict[tuple[Any, ...], Amounts] = {}
        # Rows are told apart by identity, so they must live as long as the answers.
        self._felt: dict[int, tuple[Rows, tuple[str, ...]]] = {}

    def amounts(self, rows: Rows, rules: Definition) -> Amounts:
        """Return what each subscription comes to under a definition."""
        if id(rows) not in self._felt:
            self._felt[id(rows)] = rows, felt(rows)
        names = self._felt[id(rows)][1]
        key = (id(rows), *[getattr(rules, name) for name in names])
        if key not in self._known:
            self._known[key] = self._amounts(rows, rules)
        return self._known[key]

    def _amounts(self, rows: Rows, rules: Definition) -> Amounts:
        sums: Counter[str] = Counter()
        for one in valued(rows, self._catalogue, rules, self._at):
            if one.currency == self._currency and fits(one):
                sums[one.subscription] += one.mrr_micro
        return {name: amount for name, amount in sums.items() if amount}


def walked(walker: Walker, ours: Definition, tools: Mapping[str, Sequence[Variant]]) -> Walked:
    """Return how far each rule of each tool moves the customer's subscriptions; the moves sum exactly."""
    base = walker.amounts(walker.rows, ours)
    moved: list[Moved] = []
    theirs: dict[str, int] = {}
    for tool, rules in tools.items():
        rows, before = walker.rows, base
        for rule in rules:
            rows = turned(rows, rule.turn)
            after = walker.amounts(rows, rule.definition)
            if after is not before:
                moved += _differences(tool, rule.name, before, after)
            before = after
        theirs[tool] = sum(before.values())
    return Walked(sum(base.values()), theirs, tuple(moved))


def _differences(tool: str, rule: str, before: Amounts, after: Amounts) -> Iterator[Moved]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, 0), after.get(name, 0)
        if old != new:
            yield Moved(tool, rule, name, old, new)
