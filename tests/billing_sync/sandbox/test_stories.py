"""Every way of billing is a story whose objects are valid and whose truth is as intended."""

from datetime import UTC, datetime

import pytest

from billing_sync.sandbox.company import Company, generate, scenario
from billing_sync.sandbox.life import DAY, Life
from billing_sync.sandbox.objects import build
from billing_sync.sandbox.stories import FULL, STORIES
from billing_sync.sandbox.truth import mrr_at, totals
from tests.billing_sync.sandbox.conftest import NOW
from tests.billing_sync.sandbox.shapes import errors
from tests.billing_sync.sandbox.test_shapes import shown

HOUR = 3_600


def lived(name: str) -> tuple[Company, Life]:
    company = scenario(name, NOW, customers=1, days=200)
    return company, company.lives[0]


def rows(life: Life) -> list[tuple[int, int | None, int]]:
    """Return (days after arrival, days or None, whole minor units a month) of every row."""
    began = life.customer.created
    return [
        (
            (row.from_at - began) // DAY,
            None if row.to_at is None else (row.to_at - began) // DAY,
            row.mrr_micro // 1_000_000,
        )
        for found in life.ledger.rows.values()
        for row in found
    ]


@pytest.mark.parametrize("name", sorted(STORIES))
def test_objects_of_every_story_are_valid(name: str) -> None:
    company, _ = lived(name)
    assert [wrong for one in shown(company) for wrong in errors(one)] == []
    inside = [build("event", event, live=False)["data"]["object"] for event in company.book.all("event")]
    assert [wrong for one in inside for wrong in errors(one)] == []


@pytest.mark.parametrize("name", sorted(STORIES))
def test_invoices_of_every_story_add_up(name: str) -> None:
    company, _ = lived(name)
    for invoice in company.book.all("invoice"):
        off = sum(amount for line in invoice.lines for _, amount in line.discount_amounts)
        added = sum(t.amount for line in invoice.lines for t in line.taxes if not t.rate.inclusive)
        assert invoice.total == sum(line.amount for line in invoice.lines) - off + added
        assert invoice.status != "paid" or invoice.amount_paid == invoice.amount_due


@pytest.mark.parametrize("name", ["trial_fails", "trial_canceled", "trial_lapses", "never_pays"])
def test_a_subscription_never_paid_never_counts(name: str) -> None:
    assert rows(lived(name)[1]) == []


@pytest.mark.parametrize(
    ("name", "first_day", "worth"),
    [
        ("trial_converts", 14, [14_700]),
        ("trial_pays_late", 17, [14_700]),
        ("by_invoice", 0, [70_965]),
        ("backdated", 0, [19_600]),
        ("imported", -200, [19_600]),
        ("setup_fee", 0, [19_800]),
        ("metered", 0, [4_900]),
        ("tax_inclusive", 0, [3_000]),
        ("tax_exclusive", 0, [3_000]),
        ("currency_option", 0, [4_600]),
        ("percent_once", 0, [29_700, 49_500]),
        ("coupon_on_one_product", 0, [9_900, 3_600]),
        ("customer_coupon", 0, [25_987]),
        ("one_off", 0, [9_800]),
        ("undone_cancellation", 0, [24_500]),
    ],
)
def test_a_story_is_worth_what_its_terms_say(name: str, first_day: int, worth: list[int]) -> None:
    found = rows(lived(name)[1])
    assert [row[2] for row in found] == worth
    assert found[0][0] == first_day
    assert found[-1][1] is None


def test_a_running_discount_ends_by_its_date() -> None:
    _, life = lived("percent_repeating")
    (first, second, _) = next(iter(life.ledger.rows.values()))
    assert (first.mrr_micro * 2, first.to_at) == (second.mrr_micro, second.from_at)
    discount = next(iter(life.book.all("discount")))
    assert first.to_at == discount.end


def test_a_full_discount_counts_nothing_until_it_ends() -> None:
    company, life = lived("full_discount")
    start = life.customer.created
    assert mrr_at(company, start + 30 * DAY) == {}
    assert mrr_at(company, start + 70 * DAY) == {(life.customer.id, "usd"): 29_700_000_000}


def test_a_trial_counts_from_the_payment_an_hour_after_its_end() -> None:
    company, life = lived("trial_converts")
    subscription = next(iter(company.book.all("subscription")))
    (row,) = next(iter(life.ledger.rows.values()))
    assert row.from_at == subscription.trial_end + HOUR


def test_a_late_first_payment_counts_from_the_payment() -> None:
    company, life = lived("pays_hours_later")
    invoice = next(iter(company.book.all("invoice")))
    (row,) = next(iter(life.ledger.rows.values()))
    assert row.from_at == invoice.paid_at > invoice.created


def test_a_declined_card_that_recovers_changes_nothing() -> None:
    company, life = lived("card_recovers")
    assert len(rows(life)) == 1
    assert any(charge.failure for charge in company.book.all("charge"))


def test_a_card_declined_to_the_end_is_churn_when_stripe_cancels() -> None:
    company, life = lived("card_fails_for_good")
    subscription = next(iter(company.book.all("subscription")))
    assert subscription.reason == "payment_failed"
    assert [row.to_at for found in life.ledger.rows.values() for row in found] == [subscription.ended_at]


def test_a_pause_acts_from_the_end_of_the_paid_period() -> None:
    company, life = lived("paused_void")
    paused, resumed = (at for _, at, _ in life.ledger.event_only)
    first, second = next(iter(life.ledger.rows.values()))
    assert first.to_at is not None
    assert paused < first.to_at <= paused + 31 * DAY
    assert second.from_at == resumed
    assert {invoice.status for invoice in company.book.all("invoice")} == {"paid", "void"}


def test_a_full_refund_at_the_end_takes_the_last_period_back() -> None:
    company, life = lived("refunded_and_gone")
    subscription = next(iter(company.book.all("subscription")))
    (row,) = next(iter(life.ledger.rows.values()))
    assert row.to_at == subscription.items[0].period_start < subscription.ended_at
    assert company.book.count("refund") == 1


def test_an_unpaid_subscription_returns_when_everything_is_paid() -> None:
    _, life = lived("becomes_unpaid")
    first, second = next(iter(life.ledger.rows.values()))
    assert first.to_at is not None
    assert first.to_at < second.from_at
    assert [what for _, _, what in life.ledger.event_only] == ["unpaid"]


def test_a_scheduled_change_acts_with_the_next_period() -> None:
    company, life = lived("planned")
    schedule = next(iter(company.book.all("subscription_schedule")))
    first, second = next(iter(life.ledger.rows.values()))
    assert first.to_at == second.from_at == schedule.phases[1].start


def test_a_change_without_proration_leaves_no_line() -> None:
    company, life = lived("without_proration")
    assert company.book.count("invoiceitem") == 0
    assert len(rows(life)) == 2


def test_a_change_of_interval_starts_a_full_period() -> None:
    company, _ = lived("to_yearly")
    invoice = next(one for one in company.book.all("invoice") if one.reason == "subscription_update")
    credit, regular = invoice.lines
    assert (credit.proration, credit.amount < 0, regular.proration) == (True, True, False)
    assert regular.period_start == invoice.created


def test_the_full_business_knows_several_currencies() -> None:
    company = generate(1, 300, datetime(2026, 11, 1, tzinfo=UTC), mix=FULL)
    months = totals(company, "Asia/Kolkata")
    assert {"usd", "eur", "jpy", "kwd"} <= months.keys()
    for currency, found in months.items():
        ending = sum(amount for (_, cur), amount in mrr_at(company, company.now).items() if cur == currency)
        assert list(found.values())[-1]["ending"] == ending


def test_the_full_business_moves_on_as_it_would_have_been_generated() -> None:
    whole = generate(5, 40, NOW, mix=FULL)
    steps = generate(5, 40, whole.now - 200 * DAY, founded=whole.founded, mix=FULL)
    for days in range(180, -1, -20):
        steps.advance(whole.now - days * DAY)
    assert [life.ledger for life in steps.lives] == [life.ledger for life in whole.lives]
    kinds = whole.book.kinds()
    assert [list(steps.book.all(kind)) for kind in kinds] == [list(whole.book.all(kind)) for kind in kinds]


def test_an_unknown_story_is_refused() -> None:
    with pytest.raises(ValueError, match="no story is called 'fairy_tale'"):
        scenario("fairy_tale", NOW)


def test_a_coupon_removed_early_is_told_by_an_event_alone() -> None:
    company, life = lived("coupon_removed")
    first, second = next(iter(life.ledger.rows.values()))
    deleted = [event for event in company.book.all("event") if event.type == "customer.discount.deleted"]
    assert [event.created for event in deleted] == [first.to_at] == [second.from_at]
    assert first.mrr_micro * 10 == second.mrr_micro * 8
    assert [what for _, _, what in life.ledger.event_only] == ["discount removed early"]
