"""The words for hard cases come where the case is, told by stories whose truth is known."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from billing_sync.sandbox.company import Company, scenario, scripted
from metrics.cases import EXPLANATIONS, explained, movement_cases, segment_cases
from metrics.core.definition import Definition
from metrics.core.history import history
from metrics.core.intervals import windows
from metrics.core.ledger import segments
from metrics.core.movements import movements, steps
from tests.metrics.decoding import EVERYTHING, Decoded
from tests.metrics.test_full_business import EVENT_DAYS, NOW
from tests.metrics.test_hard_cases import instant, replacing

# What a customer's page tells of a whole subscription, from how it was made.
WHOLE = ("backdated", "planned", "sent", "customer_deleted", "duplicated")
CASES = {
    "trial_granted": "trial_granted",
    "add_on_tried": "item_trial",
    "add_on": "item_changed",
    "billed_at_once": "prorated",
    "trial_converts": "trial_converted",
    "coupon_midway": "discount_changed",
    "currency_option": "currency_option",
    "mixed_intervals": "mixed_intervals",
    "card_recovers": "past_due",
    "undone_cancellation": "leaving",
    "paused_void": "paused",
    "becomes_unpaid": "unpaid",
    "refunded_later": "refunded",
    "stacked_coupons": "stacked",
    "graduated": "graduated",
    "volume": "volume",
    "package": "package",
    "weekly": "weeks_and_days",
    "by_invoice": "several_months",
    "yen": "zero_decimals",
    "dinar": "three_decimals",
    "replaced_the_same_day": "replaced",
    "replaced_across_midnight": "replaced_later",
    "seats_up_and_down": "netted",
    "to_yearly": "interval_change",
    "other_currency": "currency_switch",
}


def told(company: Company, event_days: int = EVERYTHING, zone: str = "UTC", window: str = "day") -> set[str]:
    """Return every case that occurs in a company."""
    decoded, found = Decoded(company, event_days), set()
    catalogue = decoded.shelf.catalogue()
    for one in decoded.customers():
        rows = history(one, catalogue).configurations
        ledger = segments(rows, catalogue, Definition())
        for segment in ledger:
            found.update(segment_cases(segment, rows, catalogue.prices[segment.price], ledger))
        changes = movements(steps(ledger), windows(window, zone))
        for before, movement in pairwise([None, *changes]):
            if movement:
                intervals = [catalogue.prices[leg.price].interval or "" for leg in movement.legs]
                found.update(movement_cases(movement, ZoneInfo(zone), before, intervals))
    return found


@pytest.mark.parametrize(("story", "case"), CASES.items())
def test_a_story_is_told_as_the_case_that_it_is(story: str, case: str) -> None:
    window = "month" if case == "netted" else "day"
    assert case in told(scenario(story, NOW, customers=2, days=200), window=window)


def test_what_a_first_import_cannot_date_says_so() -> None:
    company = scenario("without_proration", NOW, customers=2, days=200)
    assert "dated_by_period" in told(company, EVENT_DAYS)
    assert "dated_by_period" not in told(company)


def test_a_plain_customer_is_no_hard_case() -> None:
    assert told(scenario("free_then_paid", NOW, customers=2, days=200)) == set()


def test_a_day_of_25_hours_says_so() -> None:
    leaves, returns = (instant(f"2026-04-05 {hour}:00", "Pacific/Auckland") for hour in ("01", "20"))
    began = datetime(2026, 1, 5, tzinfo=UTC)
    company = scripted([(replacing(leaves, returns), began)], NOW)
    assert {"clock_change", "replaced"} <= told(company, zone="Pacific/Auckland")
    assert "clock_change" not in told(company)


def test_every_case_has_words_and_a_story() -> None:
    by_hand = {"dated_by_period", "clock_change", *WHOLE}
    assert set(CASES.values()) | by_hand == set(EXPLANATIONS)
    assert explained(["netted"]) == ["Steps up and down within one window are netted. The steps are below."]
