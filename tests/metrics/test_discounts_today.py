"""What is discounted today, from a first import without a single event: what Stripe's objects show now."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.company import Company, scripted
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.stories import Habits
from config.clock import set_now
from metrics.auditing.auditing import audit
from metrics.build.recompute import recompute
from metrics.core.ledger import Segment
from metrics.models import CustomerBalance
from tests.metrics.agreement import known
from tests.metrics.seeding import KINDS, connect
from tests.metrics.test_full_business import NOW
from tests.metrics.test_hard_cases import valued

FOR_EVER = ("TWENTY", "ODD", "FIVER")
COUPONS = (*FOR_EVER, "SPRING", "WELCOME", "QUARTER")
# Where a customer's discounts lie, and of which coupons. The sandbox leaves one that is over on its
# subscription until the renewal, where it still hides the customer's: so those are for ever beside it.
BARGAINS = (
    (("subscription", "item"), COUPONS),
    (("customer",), COUPONS),
    (("subscription", "customer"), FOR_EVER),
)


def given(life: Life, sub: str, place: str, coupons: Sequence[str]) -> None:
    """Put a discount on a subscription, its first item or the customer, in place of any other there."""
    coupon = life.catalog.coupons[life.rng.choice(coupons)]
    running = life.subscription(sub)
    if place == "subscription":
        changing.apply_coupon(life, sub, coupon)
    elif place == "customer":
        changing.discount_customer(life, coupon)
        life.value(running)
    else:
        first, *others = running.items
        made = subscribing.discount_of(life, coupon, sub, first.id)
        life.save_subscription(replace(running, items=(replace(first, discounts=(made,)), *others)))
        if made.end is not None:
            life.at(made.end, lambda: life.value(life.subscription(sub)))


def taken(life: Life, sub: str, place: str) -> None:
    """Take the discounts off a subscription, its items or the customer."""
    running = life.subscription(sub)
    if place == "subscription":
        changing.remove_coupon(life, sub)
    elif place == "customer":
        life.update_customer(discount=None)
        life.value(running)
    else:
        items = tuple(replace(item, discounts=()) for item in running.items)
        life.save_subscription(replace(running, items=items))


def bargaining(life: Life, habits: Habits) -> Story:
    """Subscribe, and be given discounts and have them taken away at any instant."""
    yield life.days(0.01, 1)
    prices = life.catalog.prices
    first = life.rng.choice(("Business monthly", "Business yearly", "Team monthly"))
    orders = [(prices[first], 3)]
    if "monthly" in first and life.rng.random() < 0.4:
        orders.append((prices["Add-on"], 2))
    places, coupons = life.rng.choice(BARGAINS)
    sub = subscribing.subscribe(life, orders)
    while True:
        yield life.days(0.5, 50)
        place = life.rng.choice(places)
        if life.rng.random() < 0.6:
            given(life, sub, place, coupons)
        else:
            taken(life, sub, place)


def standing(ledger: Sequence[Segment], now: int) -> int:
    """Return the MRR of an instant."""
    return sum(one.mrr_micro for one in ledger if one.start <= now and (one.end is None or now < one.end))


def true(company: Company) -> dict[str, int]:
    """Return what each customer is worth now, as the company knows."""
    found = {}
    for life in company.lives:
        spans = [span for some in known(life.ledger).values() for span in some]
        found[life.customer.id] = sum(s.worth[0] for s in spans if s.start <= company.now < s.end)
    return found


def haggled(seed: int, customers: int) -> Company:
    """Return a company of such customers, who came one week after another until last week."""
    start = int(NOW.timestamp()) - (customers + 1) * 7 * DAY
    return scripted([(bargaining, start + n * 7 * DAY) for n in range(customers)], NOW, seed)


@pytest.mark.parametrize("event_days", [0, 5])
def test_todays_mrr_is_the_truth_whatever_discounts_came_and_went(event_days: int) -> None:
    company = haggled(1, 70)
    found = {name: standing(ledger, company.now) for name, ledger in valued(company, event_days).items()}
    assert found == true(company)


def test_tables_made_without_events_hold_todays_truth_and_the_audit_agrees(
    organization: Organization,
) -> None:
    company = haggled(2, 40)
    connect(organization, company).copy(kinds=KINDS.keys() - {"event"})
    with set_now(NOW):
        recompute(organization.id)
        run = audit(organization.id)
        with tenant(organization.id):
            found = dict(CustomerBalance.objects.values_list("customer_id", "mrr_micro"))
    assert found == true(company)
    assert run
    assert (run.rows > 0, run.drift) == (True, [])
