"""A clean check as it is kept: its figures, and the rows behind each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from metrics.bridge.comparing import Place
from metrics.bridge.models import ComparedAmount, Comparison
from metrics.clean.checking import MISTAKES, OUT, SUBJECT

Key = tuple[UUID, str, str]


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


@dataclass(frozen=True, slots=True)
class Row:
    """A subscription, or a customer, on which a rule comes to another amount."""

    connection_id: UUID
    customer_id: str
    subscription_id: str
    ours_micro: int
    theirs_micro: int

    @property
    def key(self) -> Key:
        """Return what the next page begins after."""
        return self.connection_id, self.customer_id, self.subscription_id


def is_out(rule: str) -> bool:
    """Say whether a rule names what stands outside MRR."""
    return rule.startswith(OUT)


def report(where: Place) -> Report | None:
    """Return the kept check of a place, None where there is none; it may be older than the numbers."""
    kept = Comparison.objects.filter(**where.key(), subject=SUBJECT).first()
    if kept is None:
        return None
    figures = {name: kept.result[name] for name in FIGURES}
    return Report(where, kept.computed_at, **figures)


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


def rows_of(found: Report, rule: str, *, after: Key | None = None, most: int = 50) -> list[Row]:
    """Return the rows of a rule in the order of their keys, from after one on; all of them sum to it."""
    rows = ComparedAmount.objects.filter(**found.where.key(), subject=SUBJECT, rule=rule)
    if after is not None:
        key = found.where.key()
        lead = (key["organization_id"], key["definition_version"], key["build"])
        rows = rows.filter(pk__gt=(*lead, SUBJECT, key["month"], key["currency"], rule, *after))
    columns = ("connection_id", "customer_id", "subscription_id", "ours_micro", "theirs_micro")
    return [Row(*row) for row in rows.order_by("pk").values_list(*columns)[:most]]
