"""One rule's hand on stored configurations: what it turns them into, and the definition beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import is_
from typing import Any

from metrics.bridge.rules import FOR_EVER, WALK, RuleSet
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import TRIALS, Segment, segments

Rows = tuple[Configuration, ...]
Turn = Callable[[Configuration], Configuration]
# A status of none of Stripe's: left out whatever counted before.
LEFT_OUT = "trial"


def same(row: Configuration) -> Configuration:
    """Leave a configuration as it is."""
    return row


def without_trials(row: Configuration) -> Configuration:
    """Leave a trial out even where its subscription counted before."""
    return row._replace(status=LEFT_OUT) if row.status == "trialing" else row


def with_trials(row: Configuration) -> Configuration:
    """Count a trial as if it had been paid for."""
    return row._replace(status="active", paid=True) if row.status in TRIALS else row


def with_unpaid(row: Configuration) -> Configuration:
    """Count what Stripe has given up to collect."""
    return row._replace(status="past_due") if row.status == "unpaid" else row


def with_tax(row: Configuration) -> Configuration:
    """Leave inclusive tax in the price."""
    return row._replace(tax_share=Fraction(0)) if row.tax_share else row


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule by its name, the turn it gives each configuration, and the definition from then on."""

    name: str
    turn: Turn
    definition: Definition


def variants(rules: RuleSet, ours: Definition) -> tuple[Variant, ...]:
    """Return a tool's known rules in the order of the walk, each on top of those before it."""
    found, definition = [], ours
    for name in WALK:
        value = rules.rule(name).value
        if value is None:
            continue
        definition = _definition(definition, name, value)
        found.append(Variant(name, _turn(name, value), definition))
    return tuple(found)


def _definition(before: Definition, name: str, value: str | int | bool) -> Definition:
    settings: dict[str, Any] = {
        "past_due": {"past_due_grace_days": None if value == FOR_EVER else value},
        "first_payment": {"require_first_payment": value},
        "discounts": {"discounts": value},
        "usage": {"usage": value},
        "paused": {"paused_counts": value},
        "cancellation": {"churn_at": value},
        "refunds": {"refunds_netted_out": value},
    }
    return replace(before, **settings.get(name, {}))


def _turn(name: str, value: str | int | bool) -> Turn:
    turns: dict[tuple[str, str | int | bool], Turn] = {
        ("trials", "excluded"): without_trials,
        ("trials", "counted"): with_trials,
        ("unpaid", "counted"): with_unpaid,
        ("tax", "included"): with_tax,
    }
    return turns.get((name, value), same)


def valued(rows: Sequence[Configuration], catalogue: Catalogue, rules: Definition, at: int) -> list[Segment]:
    """Return the segments that hold just before an instant."""
    return [
        one
        for one in segments(rows, catalogue, rules)
        if one.start < at and (one.end is None or one.end >= at)
    ]


def turned(rows: Rows, turn: Turn) -> Rows:
    """Return the rows after a turn, the very same where it changes none."""
    if turn is same:
        return rows
    after = tuple(turn(row) for row in rows)
    return rows if all(map(is_, after, rows)) else after


def felt(rows: Rows) -> tuple[str, ...]:
    """Return the names of the definition's settings that make a difference to the rows."""
    matters = {
        "past_due_grace_days": any(row.unpaid_since is not None for row in rows),
        "require_first_payment": not all(row.paid for row in rows),
        "usage": any(row.usage is not None for row in rows),
        "discounts": any(row.discounts for row in rows),
        "paused_counts": any(row.collection_paused for row in rows),
        "churn_at": any(row.cancel_requested for row in rows),
        "refunds_netted_out": any(row.refunded for row in rows),
    }
    return tuple(name for name, holds in matters.items() if holds)
