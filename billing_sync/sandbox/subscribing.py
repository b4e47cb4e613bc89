"""How a subscription starts, renews and ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from .collecting import collect, collect_later
from .invoicing import draft
from .life import DAY, Life
from .lines import has_pending, pend_charge, regular_line, usage_line
from .periods import add_months, next_boundary
from .records import Coupon, Discount, Item, Price, Subscription, TaxRate
from .scheduling import planned_items

Order = tuple[Price, int | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """Set how a subscription starts; without any it is charged at once and counts at once."""

    trial_days: int = 0
    trial_of_last: bool = False
    coupons: tuple[Coupon, ...] = ()
    item_coupons: tuple[Coupon, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    currency: str | None = None
    days_until_due: int | None = None
    setup_fee: Price | None = None
    backdated_days: int = 0
    imported: bool = False
    missing_payment_method: str = "create_invoice"


def subscribe(life: Life, orders: Sequence[Order], terms: Terms | None = None) -> str:
    """Start a subscription, and return its id."""
    terms = terms or Terms()
    made = _made(life, orders, terms)
    life.save_subscription(made, "customer.subscription.created")
    _renew_later(life, made.items, made.id)
    for discount in (*made.discounts, *made.items[0].discounts):
        if discount.end is not None:
            life.at(discount.end, lambda: life.value(life.subscription(made.id)))
    if terms.imported:
        life.count_from(made, made.start_date)
        return made.id
    if terms.setup_fee is not None:
        pend_charge(life, made, terms.setup_fee)
    if terms.days_until_due is not None:
        life.count_from(made, life.now)
    collect(life, made.id, bill(life, made, "subscription_create"))
    return made.id


def _made(life: Life, orders: Sequence[Order], terms: Terms) -> Subscription:
    name, first = life.new_id("sub"), orders[0][0]
    start = life.now - terms.backdated_days * DAY
    trial_end = life.now + terms.trial_days * DAY if terms.trial_days else None
    discounts = tuple(discount_of(life, coupon, name) for coupon in terms.coupons)
    items = tuple(
        Item(
            life.new_id("si"),
            name,
            price,
            quantity,
            life.now,
            life.now if terms.imported else start,
            trial_end or _period_end(start, price, life.now),
            tax_rates=terms.tax_rates,
        )
        for price, quantity in orders
    )
    if terms.trial_of_last:
        items = (*items[:-1], replace(items[-1], trial_start=life.now, trial_end=items[-1].period_end))
    own = tuple(discount_of(life, coupon, name, items[0].id) for coupon in terms.item_coupons)
    return Subscription(
        name,
        life.customer.id,
        life.now,
        start,
        items[0].period_end if terms.imported else trial_end or start,
        "trialing" if trial_end else "active",
        terms.currency or first.currency,
        (replace(items[0], discounts=own), *items[1:]),
        collection_method="charge_automatically" if terms.days_until_due is None else "send_invoice",
        days_until_due=terms.days_until_due,
        trial_start=life.now if trial_end else None,
        trial_end=trial_end,
        discounts=discounts,
        payment_method=life.customer.payment_method,
        missing_payment_method=terms.missing_payment_method,
    )


def discount_of(life: Life, coupon: Coupon, subscription: str | None, item: str | None = None) -> Discount:
    """Return a discount that starts now."""
    months = coupon.duration_in_months
    found = Discount(
        life.new_id("di"),
        coupon,
        life.now,
        None if months is None else add_months(life.now, months),
        customer=life.customer.id,
        subscription=subscription,
        item=item,
    )
    life.book.put("discount", found, created=life.now)
    life.announce("customer.discount.created", "discount", found)
    return found


def _period_end(anchor: int, price: Price, after: int) -> int:
    return next_boundary(anchor, price.interval or "month", price.interval_count, after)


def _renew_later(life: Life, items: Sequence[Item], name: str) -> None:
    for until in sorted({item.period_end for item in items}):
        life.at(until, lambda: renew(life, name))


def bill(life: Life, subscription: Subscription, reason: str, used: Sequence[Item] = ()) -> str:
    """Draft the invoice of the periods that begin now, and return its id."""
    invoice = life.new_id("in")
    lines = [usage_line(life, subscription, item, invoice) for item in used]
    for item in subscription.items:
        begins = reason != "subscription_cycle" or item.period_start == life.now
        if begins and item.price.usage_type != "metered":
            lines.append(regular_line(life, subscription, item, invoice))
    draft(life, subscription, lines, invoice, reason)
    life.save_subscription(replace(subscription, latest_invoice=invoice))
    return invoice


def renew(life: Life, name: str) -> None:
    """Begin the next period, and bill it an hour later, as Stripe does; or end the subscription."""
    subscription = life.subscription(name)
    due = {item.id for item in subscription.items if item.period_end == life.now}
    if subscription.ended_at is not None or not due:
        return
    if subscription.cancel_at_period_end and subscription.items[0].id in due:
        end(life, name)
        return
    if subscription.status == "trialing":
        if life.card_missing and subscription.missing_payment_method != "create_invoice":
            _stop_trial(life, subscription)
            return
        subscription = replace(subscription, status="active", anchor=life.now)
    items = planned_items(life, subscription)
    used = [item for item in items if item.price.usage_type == "metered" and item.id in due]
    items = tuple(_next_period(life, item, subscription.anchor) if item.id in due else item for item in items)
    invoice = bill(life, without_used(life, replace(subscription, items=items)), "subscription_cycle", used)
    collect_later(life, name, invoice)
    _renew_later(life, [item for item in items if item.id in due], name)


def _next_period(life: Life, item: Item, anchor: int) -> Item:
    until = _period_end(anchor, item.price, life.now)
    return replace(item, period_start=life.now, period_end=until, trial_start=None, trial_end=None)


def _stop_trial(life: Life, subscription: Subscription) -> None:
    if subscription.missing_payment_method == "cancel":
        end(life, subscription.id)
        return
    life.save_subscription(replace(subscription, status="paused"), "customer.subscription.paused")


def without_used(life: Life, subscription: Subscription) -> Subscription:
    """Return a subscription without the discounts that were for once, or have ended."""
    if not subscription.discounts and not any(item.discounts for item in subscription.items):
        return subscription

    def left(discounts: Sequence[Discount]) -> tuple[Discount, ...]:
        return tuple(
            d for d in discounts if d.coupon.duration != "once" and (d.end is None or life.now < d.end)
        )

    items = tuple(replace(item, discounts=left(item.discounts)) for item in subscription.items)
    return replace(subscription, items=items, discounts=left(subscription.discounts))


def start_period_now(life: Life, name: str, reason: str = "subscription_update", **changes: object) -> None:
    """Begin a new period at this instant (a trial cut short, a resumption) and collect it at once."""
    subscription = replace(life.subscription(name), anchor=life.now, **changes)
    items = tuple(_next_period(life, item, life.now) for item in subscription.items)
    invoice = bill(life, replace(subscription, items=items), reason)
    _renew_later(life, items, name)
    collect(life, name, invoice)


def end(
    life: Life,
    name: str,
    reason: str = "cancellation_requested",
    feedback: str | None = None,
    status: str = "canceled",
) -> None:
    """End a subscription now; what is pending on it is billed if it ended with its period."""
    subscription = life.subscription(name)
    life.counting.discard(name)
    ended = replace(
        subscription,
        status=status,
        ended_at=life.now,
        canceled_at=subscription.canceled_at or life.now,
        reason=subscription.reason or reason,
        feedback=subscription.feedback or feedback,
    )
    life.save_subscription(ended, "customer.subscription.deleted")
    if life.now == subscription.items[0].period_end and has_pending(life, name):
        invoice = life.new_id("in")
        draft(life, ended, [], invoice, "subscription_cycle")
        collect(life, name, invoice)


def delete_customer(life: Life) -> None:
    """Delete the customer; what is running ends at once."""
    for name, subscription in list(
        life.book.newest_first("subscription", 0, life.now, customer=life.customer.id)
    ):
        if subscription.ended_at is None:
            end(life, name)
    life.customer = replace(life.customer, deleted=True)
    life.save("customer", life.customer, "customer.deleted")
