"""What explains the hard cases among one customer's movements and segments, where each of them stands."""

from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from metrics.cases import explained, movement_cases, segment_cases
from metrics.core.facts import Price
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.core.movements import Movement
from metrics.evidence.record import Ledger


def movement_notes(held: Ledger, zone: ZoneInfo) -> dict[tuple[date, str], list[str]]:
    """Return the explanations of each movement, by its day and currency."""
    intervals = {one.price: one.interval for one in held.segments}
    before: dict[str, Movement] = {}
    notes = {}
    for one in held.movements:
        billed = {intervals[leg.price] for leg in one.legs if leg.price in intervals}
        cases = movement_cases(one, zone, before.get(one.currency), billed)
        notes[one.on, one.currency] = explained(cases)
        before[one.currency] = one
    return notes


def segment_notes(
    rows: Iterable[Segment], past: Iterable[Configuration], prices: Mapping[str, Price]
) -> list[list[str]]:
    """Return the explanations of each row of one subscription that the row above it does not show already."""
    own = list(past)
    notes: list[list[str]] = []
    above: list[str] = []
    for one in rows:
        cases = segment_cases(one, own, prices.get(one.price))
        notes.append(explained(code for code in cases if code not in above))
        above = cases
    return notes
