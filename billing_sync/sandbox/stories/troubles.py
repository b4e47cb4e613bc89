"""Customers whose money does not come, or goes back."""

from billing_sync.sandbox import collecting, crediting, pausing, subscribing
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.subscribing import Terms

from .ordinary import Habits, Telling, first_item

HOUR = 3_600


def _subscribed(life: Life) -> str:
    return subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], life.rng.randint(1, 6))])


def card_recovers(life: Life, habits: Habits) -> Story:
    """Have one renewal declined, and paid at the next attempt."""
    yield life.days(0.01, 0.1)
    _subscribed(life)
    yield life.now + 40 * DAY
    life.card_fails = True
    yield life.now + 23 * DAY
    life.card_fails = False


def card_fails_for_good(life: Life, habits: Habits) -> Story:
    """Have a renewal declined until Stripe cancels."""
    yield life.days(0.01, 0.1)
    _subscribed(life)
    yield life.now + 40 * DAY
    life.card_fails = True


def becomes_unpaid(life: Life, habits: Habits) -> Story:
    """Have a renewal declined until the subscription is unpaid, and pay everything much later."""
    yield life.days(0.01, 0.1)
    life.last_resort = "unpaid"
    sub = _subscribed(life)
    yield life.now + 40 * DAY
    life.card_fails = True
    yield life.now + 100 * DAY
    life.card_fails = False
    collecting.pay_open(life, sub)


def paused(behavior: str) -> Telling:
    """Return a story of a collection that is paused for some months."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        sub = _subscribed(life)
        yield life.now + life.rng.randint(65, 85) * DAY
        pausing.pause(life, sub, behavior)
        yield life.now + life.rng.randint(65, 85) * DAY
        pausing.resume(life, sub)

    return story


def refunded_and_gone(life: Life, habits: Habits) -> Story:
    """Leave in the middle of a period, with all of it given back."""
    yield life.days(0.01, 0.1)
    sub = _subscribed(life)
    yield life.now + 70 * DAY
    item = first_item(life, sub)
    subscribing.end(life, sub, feedback="low_quality")
    for invoice in crediting.paid_invoices(life, sub, item.period_start):
        crediting.refund(life, invoice)
    life.ledger.clear(item.id, item.period_start)


def partly_refunded(life: Life, habits: Habits) -> Story:
    """Be given back half a month, and stay."""
    yield life.days(0.01, 0.1)
    sub = _subscribed(life)
    yield life.now + 70 * DAY
    invoice = crediting.paid_invoices(life, sub, first_item(life, sub).period_start)[0]
    crediting.refund(life, invoice, invoice.amount_paid // 2)


def credited(life: Life, habits: Habits) -> Story:
    """Be given a credit note for a part of a month, and stay."""
    yield life.days(0.01, 0.1)
    sub = _subscribed(life)
    yield life.now + 70 * DAY
    invoice = crediting.paid_invoices(life, sub, first_item(life, sub).period_start)[0]
    crediting.credit_note(life, invoice, invoice.amount_paid // 4)


def disputed(life: Life, habits: Habits) -> Story:
    """Dispute a payment, and leave."""
    yield life.days(0.01, 0.1)
    sub = _subscribed(life)
    yield life.now + 70 * DAY
    crediting.dispute(life, crediting.paid_invoices(life, sub, first_item(life, sub).period_start)[0])
    yield life.now + 5 * HOUR
    subscribing.end(life, sub, reason="payment_disputed")


def unpaid_invoices(life: Life, habits: Habits) -> Story:
    """Receive invoices, pay the first and no other."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Scale quarterly"], 3)], Terms(days_until_due=14))
    yield life.now + 30 * DAY
    life.pays_after_days = 10_000
    yield life.now + 300 * DAY
    subscribing.end(life, sub, reason="payment_failed")


STORIES: dict[str, Telling] = {
    "card_recovers": card_recovers,
    "card_fails_for_good": card_fails_for_good,
    "becomes_unpaid": becomes_unpaid,
    "paused_void": paused("void"),
    "paused_draft": paused("keep_as_draft"),
    "paused_uncollectible": paused("mark_uncollectible"),
    "refunded_and_gone": refunded_and_gone,
    "partly_refunded": partly_refunded,
    "credited": credited,
    "disputed": disputed,
    "unpaid_invoices": unpaid_invoices,
}
