"""What puts MRR at risk, and how much of it, on one day."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metrics.core.intervals import day_start
from metrics.exposure.diagnoses import (
    CARD_EXPIRING_DAYS,
    COUPON_ENDING_DAYS,
    RENEWAL_DAYS,
    TRIAL_ENDING_DAYS,
    Contracted,
    Day,
    Diagnosis,
    Part,
    Standing,
    diagnose,
)
from metrics.exposure.stripe import Customer, InvoiceSettings, Subscription, card_of, expiry

ZONE = ZoneInfo("America/New_York")
TODAY = date(2026, 11, 22)
DAY = Day(TODAY, ZONE)
MRR = 4_900_000_000


def ahead(days: int) -> int:
    """Return the last second of a day, 1 being today."""
    return day_start(TODAY + timedelta(days=days), ZONE) - 1


def found(*standings: Standing, contracted: tuple[Contracted, ...] = ()) -> dict[str, Diagnosis]:
    return {one.diagnosis: one for one in diagnose(standings, contracted, DAY)}


def plain(**more: object) -> Part:
    return Part("si_1", "eur", **{"mrr_micro": MRR, **more})  # type: ignore[arg-type]


def test_a_customer_without_trouble_has_no_diagnosis() -> None:
    assert found(Standing("sub_1", (plain(),))) == {}


def test_what_is_past_due_is_owed_since_the_oldest_invoice() -> None:
    one = found(Standing("sub_1", (plain(),), past_due=True, owed_since=ahead(-9)))["past_due"]
    assert (one.amount_micro, one.due_at) == (MRR, ahead(-9))


def test_an_overdue_invoice_is_past_due_whatever_the_status_says() -> None:
    assert "past_due" in found(Standing("sub_1", (plain(),), owed_since=ahead(-9)))


def test_a_cancellation_is_nothing_else_besides() -> None:
    part = plain(contracted=True, period_ends_at=ahead(20))
    standing = Standing("sub_1", (part,), cancels=True, ends_at=ahead(20), card_expires_at=ahead(3))
    assert {name: one.due_at for name, one in found(standing).items()} == {"canceling": ahead(20)}


def on_trial(at: int) -> Part:
    return Part("si_1", "eur", 0, trial_ends_at=at, trial_micro=MRR)


@pytest.mark.parametrize(
    ("days", "name", "part"),
    [
        (TRIAL_ENDING_DAYS, "trial_ending", on_trial),
        (COUPON_ENDING_DAYS, "coupon_ending", lambda at: plain(coupon_ends_at=at, then_micro=2 * MRR)),
        (RENEWAL_DAYS, "renewal", lambda at: plain(contracted=True, period_ends_at=at)),
    ],
)
def test_a_day_is_near_up_to_its_last_second(days: int, name: str, part: Callable[[int], Part]) -> None:
    last, beyond = part(ahead(days)), part(ahead(days) + 1)
    assert found(Standing("sub_1", (last,)))[name].amount_micro == MRR
    assert found(Standing("sub_1", (beyond,))) == {}


def test_a_monthly_plan_is_no_contract_to_renew() -> None:
    assert found(Standing("sub_1", (plain(period_ends_at=ahead(3)),))) == {}


def test_the_end_of_a_coupon_says_by_how_much_the_mrr_rises() -> None:
    one = found(Standing("sub_1", (plain(coupon_ends_at=ahead(3), then_micro=3 * MRR),)))["coupon_ending"]
    assert (one.amount_micro, one.beside_micro) == (MRR, 2 * MRR)


def test_what_was_free_by_a_coupon_puts_its_whole_price_on_the_table() -> None:
    free = Part("si_1", "eur", 0, coupon_ends_at=ahead(3), then_micro=MRR)
    one = found(Standing("sub_1", (free,)))["coupon_ending"]
    assert (one.amount_micro, one.beside_micro) == (MRR, MRR)


def test_a_trial_that_will_not_convert_says_so() -> None:
    assert found(Standing("sub_1", (on_trial(ahead(3)),), cancels=True))["trial_ending"].canceled


def test_a_card_threatens_all_that_it_pays_for() -> None:
    parts, last = (plain(), Part("si_2", "eur", 1)), ahead(CARD_EXPIRING_DAYS)
    assert found(Standing("sub_1", parts, card_expires_at=last))["card_expiring"].amount_micro == MRR + 1
    assert found(Standing("sub_1", parts, card_expires_at=last + 1)) == {}


def test_what_a_contraction_left_may_follow_for_thirty_days() -> None:
    lost = Contracted("eur", 7, TODAY - timedelta(days=29))
    one = found(Standing("sub_1", (plain(),)), contracted=(lost,))["contraction"]
    assert (one.amount_micro, one.beside_micro) == (MRR, 7)
    older = Contracted("eur", 7, TODAY - timedelta(days=30))
    assert found(Standing("sub_1", (plain(),)), contracted=(older,)) == {}


def test_subscriptions_of_one_diagnosis_add_up_and_the_largest_leads() -> None:
    late = Standing("sub_1", (plain(),), past_due=True, owed_since=ahead(-1))
    later = Standing("sub_2", (Part("si_2", "eur", 5),), past_due=True, owed_since=ahead(-3))
    ending = Standing("sub_3", (Part("si_3", "eur", MRR),), cancels=True, ends_at=ahead(9))
    first, second = diagnose([late, later, ending], [], DAY)
    assert (first.diagnosis, first.amount_micro, first.due_at) == ("past_due", MRR + 5, ahead(-3))
    assert (first.subscriptions, first.leads) == (("sub_1", "sub_2"), True)
    assert (second.diagnosis, second.leads) == ("canceling", False)


def test_each_currency_has_a_leading_diagnosis() -> None:
    parts = (plain(), Part("si_2", "usd", 1))
    assert [one.leads for one in diagnose([Standing("sub_1", parts, past_due=True)], [], DAY)] == [True, True]


@pytest.mark.parametrize(
    ("subscription", "expires"),
    [
        (Subscription("sub_1", default_payment_method="pm_1", default_source="card_1"), 1),
        (Subscription("sub_1", default_source="card_1"), 2),
        (Subscription("sub_1"), 3),
        (Subscription("sub_1", collection_method="send_invoice", default_payment_method="pm_1"), None),
    ],
)
def test_the_subscriptions_own_card_goes_before_the_customers(
    subscription: Subscription, expires: int | None
) -> None:
    customer = Customer(InvoiceSettings("pm_3"), "card_4")
    assert card_of(subscription, customer, {"pm_1": 1, "card_1": 2, "pm_3": 3}) == expires


def test_a_card_is_good_to_the_end_of_its_month() -> None:
    assert expiry(2026, 12) == int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
    assert (expiry(2026, 13), expiry(None, 1), expiry(99_999, 1)) == (None, None, None)
