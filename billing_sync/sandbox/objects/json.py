"""Shapes that every Stripe object shares."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

Json = dict[str, Any]
EMBEDDED = 10
AMOUNTS = 1_024


@lru_cache(AMOUNTS)
def decimal(amount: Decimal | None) -> str | None:
    """Return a decimal as Stripe writes it: plain, without trailing zeros."""
    if amount is None:
        return None
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(amount: Decimal) -> int | float:
    """Return a percentage as the JSON number that Stripe writes."""
    return int(amount) if amount == int(amount) else float(amount)


def embedded(data: Sequence[Json], url: str, total: int | None = None) -> Json:
    """Return a list inside an object, cut as Stripe cuts it."""
    count = len(data) if total is None else total
    return {
        "object": "list",
        "data": list(data[:EMBEDDED]),
        "has_more": count > EMBEDDED,
        "total_count": count,
        "url": url,
    }
