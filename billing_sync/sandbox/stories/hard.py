"""Customers whose history is hard to read back: gifts, stacks, returns of money, hours around midnight."""

from datetime import UTC, datetime, timedelta

from billing_sync.sandbox import changing, crediting, invoicing, scheduling, subscribing
from billing_sync.sandbox.life import DAY, Life, Story
from billing_sync.sandbox.records import Invoice
from billing_sync.sandbox.subscribing import Terms

from .ordinary import Habits, Telling, first_item

HOUR = 3_600


def _team(life: Life, quantity: int = 5, terms: Terms | None = None) -> str:
    return subscribing.subscribe(life, [(life.catalog.prices["Team monthly"], quantity)], terms)


def seats_up_and_down(life: Life, habits: Habits) -> Story:
    """Take more seats, then fewer than before, all within one period."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    for quantity in (9, 7, 2):
        yield life.now + (33 * DAY if quantity == 9 else life.rng.randint(2, 7) * DAY)
        changing.change(life, sub, first_item(life, sub).id, quantity=quantity)


def billed_at_once(life: Life, habits: Habits) -> Story:
    """Move up and down a plan in the middle of periods, each billed at once."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    for name in ("Scale monthly", "Starter monthly"):
        yield life.days(35, 55)
        price = life.catalog.prices[name]
        changing.change(life, sub, first_item(life, sub).id, price=price, proration="always_invoice")


def planned_steps(life: Life, habits: Habits) -> Story:
    """Plan two changes at once: more seats next period, another plan in the one after."""
    yield life.days(0.01, 0.1)
    sub = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 2)])
    yield life.days(10, 20)
    steps = [[(life.catalog.prices[name], 3)] for name in ("Starter monthly", "Business monthly")]
    scheduling.plan(life, sub, *steps)


def trial_granted(life: Life, habits: Habits) -> Story:
    """Pay for two months, then be given three weeks for nothing."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    yield life.now + life.rng.randint(65, 85) * DAY
    changing.grant_trial(life, sub, 21)


def add_on_tried(life: Life, habits: Habits) -> Story:
    """Add an item on a trial of its own until the next renewal, and take more of it months later."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    yield life.days(35, 55)
    added = changing.add_item(life, sub, life.catalog.prices["Add-on"], 4, on_trial=True)
    yield life.now + life.rng.randint(62, 90) * DAY
    changing.change(life, sub, added, quantity=6)


def add_on_declined(life: Life, habits: Habits) -> Story:
    """Add an item on a trial of its own, and drop it before the trial is over."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    yield life.now + 31 * DAY
    added = changing.add_item(life, sub, life.catalog.prices["Add-on"], 4, on_trial=True)
    yield life.now + life.rng.randint(5, 20) * DAY
    changing.remove_item(life, sub, added)


def tried_beside_paid(life: Life, habits: Habits) -> Story:
    """Start with one item that is paid at once and another whose first month is a trial."""
    yield life.days(0.01, 0.1)
    orders = [(life.catalog.prices["Business monthly"], 2), (life.catalog.prices["Add-on"], 3)]
    subscribing.subscribe(life, orders, Terms(trial_of_last=True))


def mixed_intervals(life: Life, habits: Habits) -> Story:
    """Hold a monthly, a quarterly and a yearly item in one subscription, and change each of two of them."""
    yield life.days(0.01, 0.1)
    names = ("Team monthly", "Scale quarterly", "Business yearly")
    sub = subscribing.subscribe(life, [(life.catalog.prices[name], 2) for name in names])
    for place, quantity in ((2, 5), (0, 1)):
        yield life.days(35, 55)
        changing.change(life, sub, life.subscription(sub).items[place].id, quantity=quantity)


def discounted(*names: str, on_item: tuple[str, ...] = ()) -> Telling:
    """Return a story of coupons on a subscription and on its item."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        coupons = life.catalog.coupons
        terms = Terms(
            coupons=tuple(coupons[one] for one in names), item_coupons=tuple(coupons[one] for one in on_item)
        )
        sub = subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)], terms)
        yield life.days(130, 160)
        changing.change(life, sub, first_item(life, sub).id, quantity=5)

    return story


def of_customer(name: str) -> Telling:
    """Return a story of a coupon on the customer that does not last."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        changing.discount_customer(life, life.catalog.coupons[name])
        yield life.now + 60
        subscribing.subscribe(life, [(life.catalog.prices["Business monthly"], 3)])

    return story


def refunded_and_stays(life: Life, habits: Habits) -> Story:
    """Be given back a whole month, and stay."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    yield life.now + 70 * DAY
    crediting.refund(life, crediting.paid_invoices(life, sub, first_item(life, sub).period_start)[0])


def refunded_later(life: Life, habits: Habits) -> Story:
    """Leave in the middle of a period, and be given all of it back days after."""
    yield life.days(0.01, 0.1)
    sub = _team(life)
    yield life.now + 70 * DAY
    subscribing.end(life, sub, feedback="low_quality")
    yield life.days(3, 9)
    item = first_item(life, sub)
    for invoice in crediting.paid_invoices(life, sub, item.period_start):
        crediting.refund(life, invoice)
    life.ledger.clear(item.id, item.period_start)


def customer_deleted(life: Life, habits: Habits) -> Story:
    """Be deleted from the account in the middle of a period."""
    yield life.days(0.01, 0.1)
    _team(life)
    yield life.now + 50 * DAY
    subscribing.delete_customer(life)


def forgiven(way: str) -> Telling:
    """Return a story of one sent invoice that is voided or written off, between others that are paid."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        _team(life, terms=Terms(days_until_due=14))
        yield life.now + 20 * DAY
        life.pays_after_days = 10_000
        yield life.now + 20 * DAY
        for invoice in _owed(life):
            (invoicing.void if way == "void" else invoicing.write_off)(life, invoice.id)
        life.pays_after_days = 9

    return story


def _owed(life: Life) -> list[Invoice]:
    mine = life.book.newest_first("invoice", 0, life.now, customer=life.customer.id)
    return [invoice for _, invoice in mine if invoice.status == "open"]


def replaced(leaves: int, returns: int, of_month: bool = False) -> Telling:
    """Return a story of a subscription that ends and is replaced, both in seconds from a midnight of UTC."""

    def story(life: Life, habits: Habits) -> Story:
        yield life.days(0.01, 0.1)
        first = subscribing.subscribe(life, [(life.catalog.prices["Starter monthly"], 4)])
        midnight = _midnight(life.now + life.rng.randint(50, 80) * DAY, of_month)
        yield midnight + leaves
        subscribing.end(life, first)
        yield midnight + returns
        subscribing.subscribe(life, [(life.catalog.prices["Business yearly"], 4)])

    return story


def _midnight(after: int, of_month: bool) -> int:
    day = datetime.fromtimestamp(after, UTC).replace(hour=0, minute=0, second=0) + timedelta(days=1)
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return int((first if of_month else day).timestamp())


STORIES: dict[str, Telling] = {
    "seats_up_and_down": seats_up_and_down,
    "billed_at_once": billed_at_once,
    "planned_steps": planned_steps,
    "trial_granted": trial_granted,
    "add_on_tried": add_on_tried,
    "add_on_declined": add_on_declined,
    "tried_beside_paid": tried_beside_paid,
    "mixed_intervals": mixed_intervals,
    "repeating_on_item": discounted(on_item=("SPRING",)),
    "once_on_item": discounted(on_item=("WELCOME",)),
    "stacked_coupons": discounted("TWENTY", "FIVER", on_item=("ODD",)),
    "stacked_for_a_while": discounted("SPRING", "QUARTER", "TWENTY"),
    "repeating_on_customer": of_customer("SPRING"),
    "once_on_customer": of_customer("WELCOME"),
    "refunded_and_stays": refunded_and_stays,
    "refunded_later": refunded_later,
    "customer_deleted": customer_deleted,
    "invoice_voided": forgiven("void"),
    "invoice_written_off": forgiven("write_off"),
    "replaced_the_same_day": replaced(7 * HOUR, 19 * HOUR),
    "replaced_an_hour_later": replaced(11 * HOUR, 12 * HOUR),
    "replaced_across_midnight": replaced(-HOUR // 2, HOUR // 2),
    "replaced_across_months": replaced(-HOUR // 2, HOUR // 2, of_month=True),
}
