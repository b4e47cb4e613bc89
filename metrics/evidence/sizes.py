"""How MRR is spread over its holders now: by spans of it, and how much the largest of them hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from metrics.evidence.pages import BUILT, fetched
from metrics.evidence.sums import STANDING
from metrics.queries import Shown

TOPS = (1, 5, 10)
SPAN = f"""
SELECT count(*), coalesce(sum(mrr_micro), 0) FROM metrics_customerbalance
WHERE {BUILT} AND currency = %(currency)s AND mrr_micro >= %(low_{{place}})s {{below}}
"""  # noqa: S608 - constants of this module, as below
LARGEST = f"""
SELECT count(*), coalesce(sum(mrr_micro), 0) FROM (
    SELECT mrr_micro FROM metrics_customerbalance WHERE {BUILT} AND currency = %(currency)s AND mrr_micro > 0
    ORDER BY mrr_micro DESC, connection_id DESC, customer_id DESC LIMIT {{count}}
) AS top
"""  # noqa: S608
WHOLE = f"SELECT customers, mrr_micro FROM ({STANDING}) AS one (mrr_micro, a, b, customers, c)"  # noqa: S608
ONE = "SELECT {place} AS place, one.* FROM ({statement}) AS one"


@dataclass(frozen=True, slots=True)
class Part:
    """So many customers and what they hold."""

    customers: int
    mrr_micro: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The whole, the parts of the spans, smallest first, and those of the largest 1, 5 and 10 customers."""

    whole: Part
    spans: Sequence[Part]
    largest: dict[int, Part]


def spread(shown: Shown, currency: str, on: date, lows: Sequence[int]) -> Spread:
    """Return how MRR is spread over spans that begin at `lows`, rising from 0, each up to the next.

    The first span is what the others leave of the whole: most customers are small, and need no count.
    """
    bound: dict[str, Any] = {"organization": shown.organization_id, "currency": currency, "on": on}
    bound |= {f"low_{place}": low for place, low in enumerate(lows)}
    upper = [
        SPAN.format(
            place=place, below=f"AND mrr_micro < %(low_{place + 1})s" if place + 1 < len(lows) else ""
        )
        for place in range(1, len(lows))
    ]
    statements = [WHOLE, *upper, *(LARGEST.format(count=count) for count in TOPS)]
    parts = [ONE.format(place=place, statement=each) for place, each in enumerate(statements)]
    rows = fetched(f"{' UNION ALL '.join(parts)} ORDER BY place", bound)
    found = [Part(int(count), int(amount)) for _, count, amount in rows]
    whole, others, tops = found[0], found[1 : 1 + len(upper)], found[1 + len(upper) :]
    rest = Part(
        whole.customers - sum(one.customers for one in others),
        whole.mrr_micro - sum(one.mrr_micro for one in others),
    )
    return Spread(whole, [rest, *others] if lows else [], dict(zip(TOPS, tops, strict=True)))
