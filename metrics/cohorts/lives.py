"""One customer's MRR as local days of change, plan by plan; amounts are micro units, days are numbers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from metrics.core.intervals import FOREVER, Days
from metrics.core.netting import net

Plan = tuple[str, str]


class Span(NamedTuple):
    """What one subscription item on one plan was worth over `[start, end)`; FOREVER has not ended."""

    subscription: str
    currency: str
    price: str
    interval: str
    start: int
    end: int
    mrr_micro: int
    excluded: str = ""


class Turn(NamedTuple):
    """What one local day did to a customer's MRR in a currency.

    `kind` is the movement's, empty where only plans changed; `plans` are by price and interval.
    """

    day: int
    kind: str
    before: int
    after: int
    plans: Mapping[Plan, int]


def turns(spans: Iterable[Span], local: Days) -> dict[str, list[Turn]]:
    """Return by currency the days on which a customer's MRR or its plans changed, oldest first."""
    counting: dict[str, list[Span]] = defaultdict(list)
    for one in spans:
        if one.mrr_micro:
            counting[one.currency].append(one)
    return {currency: _of_currency(life, local) for currency, life in counting.items()}


def _of_currency(life: Sequence[Span], local: Days) -> list[Turn]:
    ends = [one for one in life if one.end != FOREVER]
    days = local.of([one.start for one in life] + [one.end for one in ends])
    told = [(one.start, one.mrr_micro, one) for one in life] + [
        (one.end, -one.mrr_micro, one) for one in ends
    ]
    changes = [(at, day, delta, one) for (at, delta, one), day in zip(told, days, strict=True)]
    changes.sort(key=lambda change: change[0])
    kinds = {day: (kind, amount) for day, kind, amount in net(change[:3] for change in changes)}
    plans: dict[int, dict[Plan, int]] = defaultdict(lambda: defaultdict(int))
    for _, day, delta, one in changes:
        plans[day][one.price, one.interval] += delta
    found, balance = [], 0
    for day, moved in plans.items():
        kind, amount = kinds.get(day, ("", 0))
        left = {plan: delta for plan, delta in moved.items() if delta}
        if left:
            found.append(Turn(day, kind, balance, balance + amount, left))
        balance += amount
    return found
