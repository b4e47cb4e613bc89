"""Customers whose subscription starts in a less plain way."""

from billing_sync.sandbox import changing, collecting, pausing, subscribing
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.subscribing import Terms

from .ordinary import Habits, first_item

HOUR = 3_600


def trial_converts(life: Life, habits: Habits) -> Story:
    """Try for two weeks, then pay."""
    yield life.days(0.01, 0.1)
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], Terms(trial_days=14))


def trial_fails(life: Life, habits: Habits) -> Story:
    """Try for two weeks with a card that is then declined to the end."""
    yield life.days(0.01, 0.1)
    life.card_fails = True
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], Terms(trial_days=14))


def trial_pays_late(life: Life, habits: Habits) -> Story:
    """Try for two weeks with a card that is declined first, then accepted."""
    yield life.days(0.01, 0.1)
    life.card_fails = True
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], Terms(trial_days=14))
    yield life.now + 16 * DAY
    life.card_fails = False


def trial_canceled(life: Life, habits: Habits) -> Story:
    """Try for two weeks, and ask to leave before they are over."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], Terms(trial_days=14))
    yield life.days(2, 12)
    changing.cancel_at_period_end(life, sub, feedback="missing_features")


def trial_cut_short(life: Life, habits: Habits) -> Story:
    """Try for a month, and start to pay after some days."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team yearly"], 2)], Terms(trial_days=30))
    yield life.days(5, 20)
    subscribing.start_period_now(life, sub, status="active", trial_end=life.now)


def trial_without_card(life: Life, habits: Habits) -> Story:
    """Try without a card, be paused at the end, and bring a card later."""
    yield life.days(0.01, 0.1)
    life.card_missing = True
    terms = Terms(trial_days=14, missing_payment_method="pause")
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], terms)
    yield life.days(20, 40)
    pausing.add_card(life, sub)


def trial_lapses(life: Life, habits: Habits) -> Story:
    """Try without a card, and be canceled at the end."""
    yield life.days(0.01, 0.1)
    life.card_missing = True
    terms = Terms(trial_days=14, missing_payment_method="cancel")
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)], terms)


def pays_hours_later(life: Life, habits: Habits) -> Story:
    """Have the first payment declined, and pay some hours later."""
    yield life.days(0.01, 0.1)
    life.card_fails = True
    sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 2)])
    yield life.now + life.rng.randint(2 * HOUR, 20 * HOUR)
    life.card_fails = False
    collecting.pay_open(life, sub)


def never_pays(life: Life, habits: Habits) -> Story:
    """Have the first payment declined, and let the subscription expire."""
    yield life.days(0.01, 0.1)
    life.card_fails = True
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 2)])


def backdated(life: Life, habits: Habits) -> Story:
    """Start with a period that began ten days ago."""
    yield life.days(0.01, 0.1)
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 4)], Terms(backdated_days=10))


def imported(life: Life, habits: Habits) -> Story:
    """Bring a subscription from elsewhere: begun long ago, first billed here at its next anchor."""
    yield life.days(0.01, 0.1)
    terms = Terms(backdated_days=200, imported=True)
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 4)], terms)


def by_invoice(life: Life, habits: Habits) -> Story:
    """Pay invoices by transfer within their thirty days."""
    yield life.days(0.01, 0.1)
    terms = Terms(days_until_due=30)
    subscribing.subscribe(life, [(life.catalog.prices["Scale quarterly"], 3)], terms)


def by_invoice_late(life: Life, habits: Habits) -> Story:
    """Pay invoices by transfer, two weeks after they were due."""
    yield life.days(0.01, 0.1)
    life.pays_after_days = 28
    terms = Terms(days_until_due=14)
    subscribing.subscribe(life, [(life.catalog.prices["Scale quarterly"], 3)], terms)


def free_then_paid(life: Life, habits: Habits) -> Story:
    """Use the free plan for a while, then a paid one."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Free"], 1)])
    yield life.days(40, 80)
    changing.change(life, sub, first_item(life, sub).id, price=life.catalog.prices["Team monthly"])


def setup_fee(life: Life, habits: Habits) -> Story:
    """Pay a setup fee with the first invoice."""
    yield life.days(0.01, 0.1)
    terms = Terms(setup_fee=life.catalog.prices["Setup"])
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 2)], terms)


STORIES = (
    trial_converts,
    trial_fails,
    trial_pays_late,
    trial_canceled,
    trial_cut_short,
    trial_without_card,
    trial_lapses,
    pays_hours_later,
    never_pays,
    backdated,
    imported,
    by_invoice,
    by_invoice_late,
    free_then_paid,
    setup_fee,
)
