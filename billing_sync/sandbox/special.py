"""Accounts that are unlike the others: empty, unpaid, strange in their words, or huge."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from . import subscribing
from .company import Company, empty, scripted, seconds
from .life import DAY, Life, Story
from .lines import pend_charge
from .stories.ordinary import Habits, Telling

EMOJI_CUSTOMER = "cus_🦊🎉naïve客户"
LONG = 255
MANY = 10_000


def _company(now: datetime | int, tellings: Iterable[Telling], days_ago: int = 100) -> Company:
    start = seconds(now) - days_ago * DAY
    return scripted([(telling, start + n * DAY) for n, telling in enumerate(tellings)], now)


def regular(life: Life, habits: Habits) -> Story:
    """Subscribe to three seats of one monthly plan, and stay."""
    yield life.now + 60
    subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)])


def browsing(life: Life, habits: Habits) -> Story:
    """Leave an address, and never subscribe."""
    yield from ()


def free(life: Life, habits: Habits) -> Story:
    """Use the free plan."""
    yield life.now + 60
    price = life.catalog.prices["Free"]
    subscribing.subscribe(life, [(price, 1)])


def deleted(life: Life, habits: Habits) -> Story:
    """Pay for two months, then be deleted from the account."""
    yield life.now + 60
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 2)])
    yield life.now + 50 * DAY
    subscribing.delete_customer(life)


def long_ids(life: Life, habits: Habits) -> Story:
    """Subscribe with objects whose ids have 255 characters."""
    life.id_length = LONG
    yield from regular(life, habits)


def emoji(life: Life, habits: Habits) -> Story:
    """Subscribe as a customer whose id and name are not ASCII."""
    life.customer = replace(life.customer, id=EMOJI_CUSTOMER, name="🦊 Fuchs & Söhne 株式会社")
    life.save("customer", life.customer, "customer.created")
    yield from regular(life, habits)


def many_charges(life: Life, habits: Habits) -> Story:
    """Put ten thousand one-off charges on one renewal invoice."""
    yield life.now + 60
    name = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 3)])
    fee = life.catalog.prices["Message"]
    yield life.now + DAY
    for _ in range(MANY):
        pend_charge(life, life.subscription(name), fee)


def empty_account(now: datetime | int) -> Company:
    """Return an account without any customer or price."""
    founded = seconds(now) - 100 * DAY
    return empty("empty", founded, seconds(now))


def no_paid_subscription(now: datetime | int) -> Company:
    """Return an account whose customers use the free plan or nothing."""
    return _company(now, (free, free, browsing))


def deleted_customer(now: datetime | int) -> Company:
    """Return an account in which invoices name a customer who was deleted since."""
    return _company(now, (regular, deleted))


def strange_ids(now: datetime | int) -> Company:
    """Return an account with ids of 255 characters and ids and names that are not ASCII."""
    return _company(now, (regular, long_ids, emoji))


def unknown_words(now: datetime | int) -> Company:
    """Return an account with fields, statuses and enums that no documentation knows; one of two counts."""
    company = _company(now, (regular, regular))
    known, odd = company.lives
    for life in (known, odd):
        company.oddities[life.customer.id] = {"aura": {"colour": "mauve"}, "tax_exempt": "sometimes"}
    for subscription in list(company.book.all("subscription")):
        if subscription.customer == odd.customer.id:
            company.oddities[subscription.id] = {"status": "hibernating", "mood": ["calm"]}
            for item in subscription.items:
                odd.ledger.clear(item.id, 0)
    for invoice in company.book.all("invoice"):
        company.oddities[invoice.id] = {"billing_reason": "lunar_eclipse", "weather": None}
    return company


def long_invoice(now: datetime | int) -> Company:
    """Return an account with one invoice of more than ten thousand lines."""
    return _company(now, (many_charges,))


SPECIAL = {
    scenario.__name__: scenario
    for scenario in (
        empty_account,
        no_paid_subscription,
        deleted_customer,
        strange_ids,
        unknown_words,
        long_invoice,
    )
}
