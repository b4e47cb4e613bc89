"""Why a file's figure for one customer is not ours: the first rule under which ours equals it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from metrics.bridge.variants import (
    Turn,
    same,
    turned,
    valued,
    with_tax,
    with_trials,
    with_unpaid,
    without_trials,
)
from metrics.bridge.walk import Walker
from metrics.core.definition import Definition
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.money import MICRO
from metrics.core.pricing import INTERVALS_A_YEAR

DAY = 86_400
TIMING_DAYS = 3
# In the order in which they are tried, for the page as well.
REASONS = (
    "rounding",
    "trial",
    "first_payment",
    "past_due",
    "unpaid",
    "paused",
    "discount",
    "tax",
    "usage",
    "cancellation",
    "refund",
    "interval",
    "timing",
    "currency",
    "unknown_customer",
    "several_customers",
    "test_data",
)
UNEXPLAINED = ("only_theirs", "only_ours", "unexplained")
TRIES: tuple[tuple[str, Turn, dict[str, Any]], ...] = (
    ("trial", with_trials, {}),
    ("trial", without_trials, {}),
    ("first_payment", same, {"require_first_payment": False}),
    ("first_payment", same, {"require_first_payment": True}),
    ("past_due", same, {"past_due_grace_days": None}),
    ("past_due", same, {"past_due_grace_days": 0}),
    ("past_due", same, {"past_due_grace_days": 30}),
    ("unpaid", with_unpaid, {"past_due_grace_days": None}),
    ("paused", same, {"paused_counts": True}),
    ("paused", same, {"paused_counts": False}),
    ("discount", same, {"discounts": "none"}),
    ("discount", same, {"discounts": "forever"}),
    ("discount", same, {"discounts": "forever_and_repeating"}),
    ("discount", same, {"discounts": "all"}),
    ("tax", with_tax, {}),
    ("usage", same, {"usage": "trailing_3_invoices"}),
    ("usage", same, {"usage": "exclude"}),
    ("cancellation", same, {"churn_at": "cancellation_request"}),
    ("cancellation", same, {"churn_at": "end_of_paid_term"}),
    ("refund", same, {"refunds_netted_out": False}),
    ("refund", same, {"refunds_netted_out": True}),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One customer with a history, the instant, our definition, and both figures in micro units."""

    rows: Sequence[Configuration]
    catalogue: Catalogue
    definition: Definition
    currency: str
    at: int
    ours_micro: int
    theirs_micro: int


def reason(case: Case) -> str:
    """Return the first reason that explains the whole difference, else which figure stands alone."""
    if _equal(case.ours_micro, case.theirs_micro):
        return "rounding"
    return next(_explaining(case), "") or alone(case.ours_micro, case.theirs_micro)


def alone(ours_micro: int, theirs_micro: int) -> str:
    """Return the code of a difference that no rule explains."""
    if not ours_micro:
        return "only_theirs"
    return "unexplained" if theirs_micro else "only_ours"


def _explaining(case: Case) -> Iterator[str]:
    walker = Walker(case.rows, case.catalogue, case.currency, case.at)
    for name, turn, settings in TRIES:
        amounts = walker.amounts(turned(walker.rows, turn), replace(case.definition, **settings))
        if _fits(case, sum(amounts.values())):
            yield name
    if _fits(case, undivided(case)):
        yield "interval"
    for days in range(1, TIMING_DAYS + 1):
        for at in (case.at - days * DAY, case.at + days * DAY):
            near = Walker(case.rows, case.catalogue, case.currency, at)
            if _fits(case, sum(near.amounts(near.rows, case.definition).values())):
                yield "timing"
    if not (case.ours_micro and case.theirs_micro) and _elsewhere(case):
        yield "currency"


def undivided(case: Case) -> int:
    """Return what a billing interval asks instead of a month of it: a year's price, a quarter's."""
    total = 0
    for one in valued(case.rows, case.catalogue, case.definition, case.at):
        count, _, unit = one.interval.partition(" ")
        if one.currency == case.currency and unit in INTERVALS_A_YEAR:
            total += round(Fraction(one.mrr_micro * int(count) * 12, INTERVALS_A_YEAR[unit]))
    return total


def _elsewhere(case: Case) -> bool:
    """Say whether the customer pays in another currency at the instant."""
    held = valued(case.rows, case.catalogue, case.definition, case.at)
    return any(one.mrr_micro for one in held if one.currency != case.currency)


def _fits(case: Case, amount_micro: int) -> bool:
    return _equal(amount_micro, case.theirs_micro) and not _equal(amount_micro, case.ours_micro)


def _equal(one: int, other: int) -> bool:
    """Say whether two figures differ by less than one minor unit: files are rounded to it."""
    return abs(one - other) < MICRO
