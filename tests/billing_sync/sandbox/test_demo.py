"""The demo's company: whenever somebody looks, something of each kind is at risk."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.stories import DEMO
from billing_sync.sandbox.truth import movements
from tests.billing_sync.sandbox.conftest import NOW


def risks(company: Company) -> set[str]:
    """Return what the account's own objects say is at risk; renewals are any yearly business's."""
    now, found = company.now, set[str]()
    month = datetime.fromtimestamp(now + 30 * DAY, UTC)
    for one in company.book.all("subscription"):
        told = {
            "past_due": one.status == "past_due",
            "canceling": one.cancel_at_period_end and one.ended_at is None,
            "trial_ending": one.status == "trialing" and now < one.trial_end <= now + 14 * DAY,
            "coupon_ending": any(now < (held.end or 0) <= now + 30 * DAY for held in one.discounts),
        }
        found |= {name for name, holds in told.items() if holds}
    cards = [(card.exp_year, card.exp_month) for card in company.book.all("payment_method")]
    lately = datetime.fromtimestamp(now - 30 * DAY, UTC).date().isoformat()
    moves = [move for move in movements(company) if move["window"] >= lately]
    if any(card <= (month.year, month.month) for card in cards):
        found.add("card_expiring")
    if any(move["kind"] == "contraction" for move in moves):
        found.add("contraction")
    return found


@pytest.mark.parametrize("days", [0, 100])
def test_every_risk_is_there_whenever_somebody_looks(days: int) -> None:
    company = generate("demo", 300, NOW - timedelta(days=days), mix=DEMO)
    every = {"past_due", "canceling", "trial_ending", "coupon_ending", "card_expiring", "contraction"}
    assert risks(company) == every
