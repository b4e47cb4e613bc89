"""What is decided for the days ahead, as an e-mail tells it: sums by kind, without anybody's name."""

from datetime import date
from typing import Any

from dashboards.calendar_words import LABELS
from dashboards.formatting import money
from metrics.outlook.decided import HORIZONS, MOVES, RISKS
from metrics.outlook.reading import Wanted, calendar, span_of
from metrics.queries import Shown

DAYS = HORIZONS[0]


def decided_rows(shown: Shown, currency: str, on: date) -> dict[str, Any]:
    """Return the kinds with anything in the days from one on, what they move in all, and what is at risk."""
    known = calendar(shown, currency)
    span = span_of(on, DAYS)
    rows = [
        {
            "label": LABELS[kind],
            "count": total.count,
            "amount": str(money(total.amount_micro, currency, signed=listed == "moves")),
            "listed": listed,
        }
        for listed, kinds in (("moves", MOVES), ("risks", RISKS))
        for kind in kinds
        if (total := known.total(Wanted(currency, listed, kind, span))).count
    ]
    moved = known.total(Wanted(currency, "moves", "", span))
    return {
        "days": DAYS,
        "moves": [one for one in rows if one["listed"] == "moves"],
        "risks": [one for one in rows if one["listed"] == "risks"],
        "moved": str(money(moved.amount_micro, currency, signed=True)),
    }
