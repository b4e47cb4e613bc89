"""A basic subscription by the month, for tests of what counts."""

from typing import Any

from metrics.core.facts import Invoice, Subscription, SubscriptionState
from tests.metrics.core.build import at, customer, invoice, item, ledger, line, moved, spans, state

JAN, FEB, MAR, APR, MAY = "2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"
DATES = (JAN, FEB, MAR, APR, MAY)


def monthly(number: int, **more: Any) -> Invoice:
    """Return the invoice of a basic month, January being 0."""
    return invoice(DATES[number], line("basic", DATES[number], DATES[number + 1]), **more)


def unpaid(number: int, status: str = "open", **more: Any) -> Invoice:
    return monthly(number, status=status, paid_at=None, amount_paid=0, **more)


def fetched(name: str = "basic", status: str = "active", **more: Any) -> SubscriptionState:
    one = item(name, current_period_start=at(MAR), current_period_end=at(APR))
    return state("2026-03-15", JAN, one, status=status, **more)._replace(event=None)


def logged(*states: tuple[str, dict[str, Any]], name: str = "basic") -> tuple[SubscriptionState, ...]:
    return tuple(state(day, JAN, item(name), **more) for day, more in states)


def counted(
    *invoices: Invoice,
    present: SubscriptionState | None = None,
    snapshots: tuple[SubscriptionState, ...] = (),
    rules: dict[str, Any] | None = None,
    **more: Any,
) -> list[tuple[str, str | None, int]]:
    facts = customer(Subscription("sub", present, snapshots, invoices), **more)
    return spans(ledger(facts, **(rules or {})))


def reasons(
    *invoices: Invoice, present: SubscriptionState | None = None, snapshots: Any = (), **rules: Any
) -> list[tuple[str, str]]:
    """Return the kinds and reasons of the movements of one subscription."""
    facts = customer(Subscription("sub", present, snapshots, invoices))
    return [(one.kind, " ".join(one.reasons)) for one in moved(ledger(facts, **rules))]
