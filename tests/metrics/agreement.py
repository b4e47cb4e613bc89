"""What was computed against what the invented company knows, item by item over all time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.ledger import Ledger, Row
from billing_sync.sandbox.life import DAY

LONGEST = {"month": 31 * DAY, "year": 366 * DAY, "week": 7 * DAY, "day": DAY}
FOREVER = 2**53
Worth = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class Span:
    """One item's worth (MRR in micro units, price, quantity, currency) from when to when."""

    subscription: str
    start: int
    end: int
    worth: Worth
    start_exact: bool = True
    end_exact: bool = True


Spans = dict[str, list[Span]]


@dataclass(slots=True)
class Verdict:
    """How many facts only events date, how many of them moved a bound, and what is plainly wrong."""

    facts: int = 0
    off: int = 0
    wrong: list[str] = field(default_factory=list)


def spans(segments: Iterable[Any], now: int) -> Spans:
    """Return the segments above 0 until now by item, those that differ in nothing but evidence as one."""
    found: Spans = defaultdict(list)
    for one in sorted(segments, key=lambda one: one.start):
        if not one.mrr_micro or one.start > now:
            continue
        end = FOREVER if one.end is None or one.end > now else one.end
        worth = (one.mrr_micro, one.price, one.quantity, one.currency)
        span = Span(one.subscription, one.start, end, worth, one.start_exact, one.end_exact)
        before = found[one.item][-1:]
        if before and (before[0].end, before[0].worth) == (span.start, worth):
            found[one.item].pop()
            span = Span(span.subscription, before[0].start, end, worth, before[0].start_exact, one.end_exact)
        found[one.item].append(span)
    return found


def known(ledger: Ledger) -> Spans:
    """Return what a customer's script wrote down, in the same words."""
    return {
        item: [
            Span("", row.from_at, FOREVER if row.to_at is None else row.to_at, worth)
            for row in rows
            if (worth := (row.mrr_micro, row.price, row.quantity, ledger.currencies[item]))[0]
        ]
        for item, rows in ledger.rows.items()
    }


def judge(company: Company, found: Mapping[str, Spans], *, events_since: int) -> Verdict:
    """Compare everything; a fact that only events date may be one period off if it is older than they are."""
    verdict = Verdict()
    for life in company.lives:
        verdict.facts += len(life.ledger.event_only)
        older = [(name, at) for name, at, _ in life.ledger.event_only if at < events_since]
        mine, true = found.get(life.customer.id, {}), known(life.ledger)
        for item in mine.keys() | true.keys():
            here, there = mine.get(item, []), true.get(item, [])
            for start, end, shown, told in differences(here, there, company.now):
                if _excused(company, older, item, here, start, end):
                    verdict.off += 1
                    continue
                when = f"{datetime.fromtimestamp(start, UTC)} to {datetime.fromtimestamp(end, UTC)}"
                verdict.wrong.append(f"{life.customer.id} {item} {when}: computed {shown}, true {told}")
    return verdict


def differences(
    found: Sequence[Span], true: Sequence[Span], now: int
) -> Iterator[tuple[int, int, Worth | None, Worth | None]]:
    """Yield the stretches of time until now for which two histories of an item differ, and how."""
    bounds = sorted({min(at, now + 1) for span in (*found, *true) for at in (span.start, span.end)})
    for start, end in pairwise(bounds):
        shown, told = _at(found, start), _at(true, start)
        if shown != told:
            yield start, end, shown, told


def _at(history: Sequence[Span], at: int) -> Worth | None:
    return next((span.worth for span in history if span.start <= at < span.end), None)


def _excused(
    company: Company, facts: Iterable[tuple[str, int]], item: str, found: Sequence[Span], start: int, end: int
) -> bool:
    """Tell whether a difference is marked, at most a period long, and near a fact that only events date."""
    prices = [company.book.get("price", span.worth[1]) for span in found]
    period = max((LONGEST[one.interval] * one.interval_count for one in prices if one), default=0)
    names = {item, *(span.subscription for span in found)}
    near = any(name in names and start - period <= at <= end + period for name, at in facts)
    starts = {span.start for span in found if not span.start_exact}
    ends = {span.end for span in found if not span.end_exact}
    return near and end - start <= period and not {start, end}.isdisjoint(starts | ends)


@contextmanager
def dated_as(company: Company, found: Mapping[str, Spans]) -> Iterator[None]:
    """Let customers with facts that only events date have the dates that were computed, for a while."""
    kept = [(life, life.ledger) for life in company.lives if life.ledger.event_only]
    for life, ledger in kept:
        mine = found.get(life.customer.id, {})
        rows = {
            item: [Row(s.start, None if s.end == FOREVER else s.end, *s.worth[:3]) for s in some]
            for item, some in mine.items()
        }
        life.ledger = Ledger(rows, {item: some[0].worth[3] for item, some in mine.items() if some})
        life.ledger.event_only = ledger.event_only
    try:
        yield
    finally:
        for life, ledger in kept:
            life.ledger = ledger


def plans(company: Company, zone: str) -> dict[tuple[str, date, str], int]:
    """Return by how much each plan's MRR changed in each local month."""
    net: dict[tuple[str, date, str], int] = defaultdict(int)
    for life in company.lives:
        for item, rows in life.ledger.rows.items():
            for row in rows:
                for at, way in ((row.from_at, 1), (row.to_at, -1)):
                    if at is not None:
                        month = datetime.fromtimestamp(at, ZoneInfo(zone)).date().replace(day=1)
                        net[life.ledger.currencies[item], month, row.price] += way * row.mrr_micro
    return {key: amount for key, amount in net.items() if amount}
