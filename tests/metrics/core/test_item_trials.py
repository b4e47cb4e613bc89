"""When an item with a trial of its own counts, beside the others of its subscription."""

from tests.metrics.core.basic import FEB, JAN, MAR, counted, fetched, monthly
from tests.metrics.core.build import at, invoice, item, line


def test_an_items_own_trial_leaves_the_others_counting() -> None:
    second = item("pro", id="si_2", trial_start=at(JAN), trial_end=at(FEB))
    present = fetched()._replace(items=(*fetched().items, second))
    assert counted(present=present) == [(JAN, None, 1000), (FEB, None, 3000)]


def test_an_item_added_on_trial_waits_though_its_subscription_counts() -> None:
    second = item("pro", id="si_2", created=at(FEB), trial_start=at(FEB), trial_end=at(MAR))
    present = fetched()._replace(items=(*fetched().items, second))
    assert counted(present=present) == [(JAN, None, 1000), (MAR, None, 3000)]


def test_an_items_own_trial_that_our_clock_has_passed_is_still_a_trial() -> None:
    second = item("pro", id="si_2", trial_start=at(JAN), trial_end=at(FEB))
    seen = fetched()._replace(at=at("2026-01-20"), items=(*fetched().items, second))
    assert counted(present=seen) == [(JAN, None, 1000)]


def test_an_items_trial_that_is_over_shows_in_a_line_that_asks_nothing() -> None:
    second = item("pro", id="si_2")
    free = line("pro", JAN, FEB, subscription_item="si_2", amount=0)
    invoices = invoice(JAN, line("basic", JAN, FEB), free), monthly(1)
    present = fetched()._replace(items=(*fetched().items, second))
    assert counted(*invoices, present=present) == [(JAN, None, 1000), (FEB, None, 3000)]


def test_a_line_too_small_to_ask_anything_is_no_trial() -> None:
    short = line("pro", "2026-01-31 23:58", FEB, subscription_item="si_2", amount=0, proration=True)
    present = fetched()._replace(items=(*fetched().items, item("pro", id="si_2", created=short.period_start)))
    assert (
        counted(invoice(JAN, line("basic", JAN, FEB), short), present=present)[-1][0] == "2026-01-31T23:58:00"
    )
