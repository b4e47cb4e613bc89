"""Companies at random: every identity holds to the micro unit, live as from a first import."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.stories import STORIES
from metrics.core.intervals import day_start, windows
from metrics.core.ledger import Segment
from metrics.core.movements import Movement, steps
from metrics.core.movements import movements as netted
from metrics.core.rates import Waterfall, waterfall
from metrics.periods import month_of, shift
from tests.metrics.agreement import Spans, Verdict, dated_as, judge, spans
from tests.metrics.test_full_business import EVENT_DAYS, NOW
from tests.metrics.test_hard_cases import ZONES, assert_true, valued
from tests.soak import sized

Ledgers = Mapping[str, tuple[Segment, ...]]
Record = Callable[[str, object], None]
BATCHES = 5
CUSTOMERS = 6


def of_currency(ledgers: Ledgers, company: Company) -> dict[str, list[Segment]]:
    """Return all segments until now by currency."""
    found: dict[str, list[Segment]] = defaultdict(list)
    for ledger in ledgers.values():
        for one in ledger:
            if one.mrr_micro and one.start <= company.now:
                found[one.currency].append(one)
    return found


def at(rows: list[Segment], instant: int) -> list[Segment]:
    """Return the segments that stand just before an instant."""
    return [one for one in rows if one.start < instant and (one.end is None or instant <= one.end)]


def assert_whole(ledgers: Ledgers) -> None:
    """Segments of one item never overlap, and whatever counts nothing names its rule."""
    for ledger in ledgers.values():
        items: dict[str, list[Segment]] = defaultdict(list)
        for one in ledger:
            items[one.item].append(one)
            assert (one.mrr_micro == 0) == bool(one.excluded)
        for rows in items.values():
            assert all(a.end is not None and a.end <= b.start for a, b in pairwise(rows))


def moves(ledgers: Ledgers, company: Company, zone: str, window: str) -> list[Movement]:
    """Return every customer's movements until now; legs and steps sum to each."""
    found: list[Movement] = []
    for ledger in ledgers.values():
        changes = [step for step in steps(ledger) if step.at <= company.now]
        found += netted(changes, windows(window, zone))
    for one in found:
        assert sum(leg.amount_micro for leg in one.legs) == one.amount_micro
        assert sum(step.amount_micro for step in one.steps) == one.amount_micro
    return found


def months(found: list[Movement], currency: str) -> dict[date, Waterfall]:
    """Return the waterfall of every month in which a currency moved, by sums of movements alone."""
    sums: dict[date, list[tuple[str, int]]] = defaultdict(list)
    for one in found:
        if one.currency == currency:
            sums[month_of(one.on)].append((one.kind, one.amount_micro))
    flows, mrr = {}, 0
    for month in sorted(sums):
        flows[month] = waterfall(currency, mrr, sums[month])
        mrr = flows[month].ending
    return flows


def assert_identities(ledgers: Ledgers, company: Company, zone: str) -> None:
    """Months add up, days sum to months by net, and items, subscriptions and plans sum to the headline."""
    assert_whole(ledgers)
    by_day, by_month = (moves(ledgers, company, zone, window) for window in ("day", "month"))
    for currency, rows in of_currency(ledgers, company).items():
        flows, whole = months(by_day, currency), months(by_month, currency)
        net = {month: flow.net_new for month, flow in flows.items()}
        assert {m: amount for m, amount in net.items() if amount} == {
            m: flow.net_new for m, flow in whole.items() if flow.net_new
        }
        for month, flow in flows.items():
            end = min(day_start(shift(month, 1), ZoneInfo(zone)), company.now + 1)
            standing = at(rows, end)
            assert (flow.residual, flow.arr) == (0, 12 * flow.ending)
            for key in ("item", "subscription", "price"):
                parts: Counter[str] = Counter()
                for one in standing:
                    parts[getattr(one, key)] += one.mrr_micro
                assert parts.total() == flow.ending


def agreed(company: Company, zone: str) -> Verdict:
    """Hold a company's live history to its truth, and a first import to both; return the verdict on it."""
    live, cold = valued(company), valued(company, EVENT_DAYS)
    for ledgers in (live, cold):
        assert_identities(ledgers, company, zone)
    assert_true(company, live, [zone])
    shown: dict[str, Spans] = {name: spans(ledger, company.now) for name, ledger in cold.items()}
    verdict = judge(company, shown, events_since=company.now - EVENT_DAYS * 86_400)
    assert verdict.wrong == []
    with dated_as(company, shown):
        assert_true(company, cold, [zone])
    return verdict


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_companies_hold_every_identity_and_an_import_equals_living_through_it(
    batch: int, record_property: Record
) -> None:
    facts = off = 0
    seeds = range(batch, sized(BATCHES, 1_000), BATCHES)
    for seed in seeds:
        company = generate(f"random/{seed}", CUSTOMERS, NOW, mix=dict.fromkeys(STORIES, 1))
        verdict = agreed(company, ZONES[seed % len(ZONES)])
        facts, off = facts + verdict.facts, off + verdict.off
    assert off <= 2 * facts
    record_property("companies", len(seeds))
    record_property("facts that only events date", facts)
    record_property("of them dated by a period", off)
