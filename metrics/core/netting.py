"""What movements come to, without the steps and reasons behind them: for sums over many customers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple, TypeVar

from metrics.core.intervals import Windows
from metrics.core.ledger import Segment
from metrics.core.movements import kind_of

# What each instant adds to the MRR of a subscription in a currency.
Changes = Mapping[tuple[str, str], Mapping[int, int]]
Window = TypeVar("Window")


class Net(NamedTuple):
    """One customer's net change in one currency and window; contraction and churn are negative."""

    on: date
    kind: str
    currency: str
    amount_micro: int


def changes(ledger: Iterable[Segment]) -> Changes:
    """Return by subscription and currency what each instant adds to one customer's MRR."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for one in ledger:
        mrr = one.mrr_micro
        if mrr:
            key = one.subscription, one.currency
            own = found.get(key)
            if own is None:
                own = found[key] = {}
            own[one.start] = own.get(one.start, 0) + mrr
            if one.end is not None:
                own[one.end] = own.get(one.end, 0) - mrr
    return found


def nets(found: Changes, windows: Windows) -> Iterator[Net]:
    """Yield the movements of one customer's changes, as `movements` nets and names them."""
    for currency, changed in _by_currency(found).items():
        for window, kind, amount in net((at, windows.key(at), changed[at]) for at in sorted(changed)):
            on = window if isinstance(window, date) else windows.day(window)
            yield Net(on, kind, currency, amount)


def net(changed: Iterable[tuple[int, Window, int]]) -> Iterator[tuple[Window, str, int]]:
    """Net one balance's changes, which are an instant, its window and an amount and come by time.

    1,000 in January, 2,000 more in March and 3,000 less in May are 1,000 of new, 2,000 of expansion and
    -3,000 of churn. From nothing it is new where the balance never stood above 0 at an earlier instant.
    """
    within: Window | None = None
    balance = before = 0
    ever = was_above = False
    last: int | None = None
    for at, window, delta in changed:
        if at != last:
            ever, last = ever or balance > 0, at
            if window != within:
                if within is not None and balance != before:
                    yield within, kind_of(before, balance, was_above), balance - before
                within, before, was_above = window, balance, ever
        balance += delta
    if within is not None and balance != before:
        yield within, kind_of(before, balance, was_above), balance - before


def _by_currency(found: Changes) -> Mapping[str, Mapping[int, int]]:
    if len(found) == 1:
        (((_, currency), changed),) = found.items()
        return {currency: changed}
    sums: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (_, currency), changed in found.items():
        own = sums[currency]
        for at, delta in changed.items():
            own[at] += delta
    return sums
