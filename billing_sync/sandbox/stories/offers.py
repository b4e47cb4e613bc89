"""Customers with coupons, odd prices, taxes and usage."""

from billing_sync.sandbox import changing, subscribing
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.lines import pend_charge
from billing_sync.sandbox.subscribing import Terms

from .ordinary import Habits, Telling, first_item


def with_coupon(name: str, item: bool = False) -> Telling:
    """Return a story of a subscription that starts with a coupon, and later takes more seats."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        coupon = (life.catalog.coupons[name],)
        terms = Terms(item_coupons=coupon) if item else Terms(coupons=coupon)
        sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)], terms)
        yield life.days(130, 160)
        changing.change(life, sub, first_item(life, sub).id, quantity=5)

    return story


def coupon_on_one_product(life: Life, habits: Habits) -> Story:
    """Hold a coupon that bears on one of two products only."""
    yield life.days(0.01, 0.1)
    orders = [(life.catalog.prices["Business monthly"], 1), (life.catalog.prices["Add-on"], 4)]
    subscribing.subscribe(life, orders, Terms(coupons=(life.catalog.coupons["ADDON"],)))


def amount_over_two_items(life: Life, habits: Habits) -> Story:
    """Share an amount off over two items."""
    yield life.days(0.01, 0.1)
    orders = [(life.catalog.prices["Business monthly"], 1), (life.catalog.prices["Add-on"], 2)]
    subscribing.subscribe(life, orders, Terms(coupons=(life.catalog.coupons["FIVER"],)))


def coupon_midway(life: Life, habits: Habits) -> Story:
    """Be given a coupon after some months."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)])
    yield life.days(60, 90)
    changing.apply_coupon(life, sub, life.catalog.coupons["TWENTY"])


def coupon_removed(life: Life, habits: Habits) -> Story:
    """Lose a coupon in the middle of a period, long before it ends."""
    yield life.days(0.01, 0.1)
    terms = Terms(coupons=(life.catalog.coupons["TWENTY"],))
    sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)], terms)
    yield life.days(70, 100)
    changing.remove_coupon(life, sub)


def customer_coupon(life: Life, habits: Habits) -> Story:
    """Hold a coupon on the customer rather than the subscription."""
    yield life.days(0.01, 0.1)
    changing.discount_customer(life, life.catalog.coupons["ODD"])
    yield life.now + 60
    subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)])


def priced(name: str, first: int, then: int) -> Telling:
    """Return a story of one price whose quantity changes in the middle of a later period."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        sub = subscribing.subscribe(life, [(life.catalog.prices[name], first)])
        yield life.days(50, 90)
        changing.change(life, sub, first_item(life, sub).id, quantity=then)

    return story


def currency_option(life: Life, habits: Habits) -> Story:
    """Pay a worldwide price in euros."""
    yield life.days(0.01, 0.1)
    subscribing.subscribe(life, [(life.catalog.prices["Worldwide"], 2)], Terms(currency="eur"))


def metered(life: Life, habits: Habits) -> Story:
    """Pay a fixed price and, in arrears, for usage."""
    yield life.days(0.01, 0.1)
    orders = [(life.catalog.prices["Team monthly"], 1), (life.catalog.prices["Calls"], None)]
    subscribing.subscribe(life, orders)


def taxed(price: str, rate: str) -> Telling:
    """Return a story of a taxed subscription."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        terms = Terms(tax_rates=(life.catalog.tax_rates[rate],))
        subscribing.subscribe(life, [(life.catalog.prices[price], 3)], terms)

    return story


def one_off(life: Life, habits: Habits) -> Story:
    """Buy services now and then beside a subscription."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], 2)])
    for _ in range(4):
        yield life.now + life.rng.randint(20, 50) * DAY
        pend_charge(life, life.subscription(sub), life.catalog.prices["Setup"])


STORIES: dict[str, Telling] = {
    "percent_forever": with_coupon("TWENTY"),
    "percent_repeating": with_coupon("SPRING"),
    "percent_once": with_coupon("WELCOME"),
    "percent_on_item": with_coupon("ODD", item=True),
    "full_discount": with_coupon("GRATIS"),
    "amount_forever": with_coupon("FIVER"),
    "amount_repeating": with_coupon("QUARTER"),
    "coupon_on_one_product": coupon_on_one_product,
    "amount_over_two_items": amount_over_two_items,
    "coupon_midway": coupon_midway,
    "coupon_removed": coupon_removed,
    "customer_coupon": customer_coupon,
    "graduated": priced("Graduated", 4, 23),
    "volume": priced("Volume", 4, 23),
    "package": priced("Package", 25, 31),
    "decimal": priced("Decimal", 100, 333),
    "weekly": priced("Weekly", 2, 3),
    "daily": priced("Daily", 2, 3),
    "euro": priced("Euro", 2, 3),
    "yen": priced("Yen", 2, 3),
    "dinar": priced("Dinar", 2, 3),
    "currency_option": currency_option,
    "metered": metered,
    "tax_inclusive": taxed("Gross", "inclusive"),
    "tax_exclusive": taxed("Net", "exclusive"),
    "one_off": one_off,
}
