"""What movements come to, without the steps and reasons behind them: for sums over many customers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from metrics.core.intervals import Windows
from metrics.core.ledger import Segment
from metrics.core.movements import kind_of

# What each instant adds to the MRR of a subscription in a currency.
Changes = Mapping[tuple[str, str], Mapping[int, int]]


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
        before = after = 0
        on, window, was_above, ever = date.min, None, False, False
        for at in sorted(changed):
            day = windows.day(at)
            key = at if windows.kind == "event" else day
            if key != window:
                if after != before:
                    yield Net(on, kind_of(before, after, was_above), currency, after - before)
                before, was_above, window, on = after, ever, key, day
            ever = ever or after > 0
            after += changed[at]
        if after != before:
            yield Net(on, kind_of(before, after, was_above), currency, after - before)


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
