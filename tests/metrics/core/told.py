"""One subscription told by its invoices, for tests of history."""

from typing import Any

from metrics.core.facts import (
    Invoice,
    ItemState,
    Line,
    Subscription,
    SubscriptionState,
)
from tests.metrics.core.build import (
    customer,
    invoice,
    ledger,
    line,
    spans,
    state,
)

JAN, FEB, MAR, APR, MAY = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"


def now(*items: ItemState, **more: Any) -> SubscriptionState:
    """Return the state fetched on 15 March."""
    return state("2026-03-15", JAN, *items, **more)._replace(event=None)


def pair(change: str, end: str, old: str, new: str, before: int = 1, after: int = 1) -> tuple[Line, Line]:
    """Return the credit and the debit of a prorated change; only their signs matter."""
    return (
        line(old, change, end, before, amount=-1, proration=True, credited=True),
        line(new, change, end, after, amount=1, proration=True),
    )


def months(*names: str) -> tuple[Invoice, ...]:
    """Return one paid monthly invoice for each name, from January on."""
    dates = (JAN, FEB, MAR, APR, MAY)
    return tuple(
        invoice(dates[n], line(name, dates[n], dates[n + 1])) for n, name in enumerate(names) if name
    )


def told(
    *invoices: Invoice, present: SubscriptionState | None = None, **more: Any
) -> list[tuple[str, str | None, int]]:
    """Return the spans above 0 of one subscription with these invoices."""
    return spans(ledger(customer(Subscription("sub", present, invoices=invoices, **more))))
