"""A clean check as it is kept: its figures, and the rows behind each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from metrics.bridge.comparing import Place
from metrics.bridge.models import ComparedAmount, Comparison
from metrics.clean.checking import MISTAKES, OUT, SUBJECT

FIGURES = (
    "mrr_micro",
    "usage_micro",
    "long_micro",
    "wrong",
    "billings_micro",
    "cash_micro",
    "paid_micro",
    "amounts",
    "subscriptions",
)


@dataclass(frozen=True, slots=True)
class Report:
    """One month's check in one currency; `amounts` are what each rule adds, by the rule's name."""

    where: Place
    computed_at: datetime
    mrr_micro: int
    usage_micro: int
    long_micro: int
    wrong: int
    billings_micro: int
    cash_micro: int
    paid_micro: int
    amounts: Mapping[str, int]
    subscriptions: Mapping[str, int]

    @property
    def is_current(self) -> bool:
        """Say whether it tells of the numbers as they stand."""
        return self.computed_at == self.where.computed_at

    @property
    def mistakes(self) -> dict[str, int]:
        """Return what each mistake adds to MRR, in the order in which they are told."""
        return {name: self.amount(name) for name in MISTAKES}

    @property
    def left_out(self) -> dict[str, int]:
        """Return by rule what stands outside MRR would be worth, the largest first."""
        found = {rule.removeprefix(OUT): amount for rule, amount in self.amounts.items() if is_out(rule)}
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    def amount(self, rule: str) -> int:
        """Return what a rule adds, in micro units."""
        return self.amounts.get(rule, 0)

    def count(self, rule: str) -> int:
        """Return how many subscriptions a rule bears on."""
        return self.subscriptions.get(rule, 0)


def is_out(rule: str) -> bool:
    """Say whether a rule names what stands outside MRR."""
    return rule.startswith(OUT)


def outside(where: Place) -> list[tuple[str, ComparedAmount]]:
    """Return every subscription that stands outside MRR, by the rule that leaves it out."""
    rows = ComparedAmount.objects.filter(**where.key(), subject=SUBJECT, rule__startswith=OUT).order_by("pk")
    return [(one.rule.removeprefix(OUT), one) for one in rows]


def report(where: Place) -> Report | None:
    """Return the kept check of a place, None where there is none; it may be older than the numbers."""
    kept = Comparison.objects.filter(**where.key(), subject=SUBJECT).first()
    if kept is None:
        return None
    figures = {name: kept.result[name] for name in FIGURES}
    return Report(where, kept.computed_at, **figures)
