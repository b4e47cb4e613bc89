"""Invoice lines and pending invoice items, as Stripe writes them."""

from fractions import Fraction
from math import floor

from msgspec.structs import replace

from .life import Life
from .records import InvoiceItem, Item, Line, Price, Subscription
from .valuation import interval_amount, item_amounts


def to_minor(amount: Fraction) -> int:
    """Round an amount to whole minor units, half away from zero."""
    return floor(amount + Fraction(1, 2)) if amount >= 0 else -floor(-amount + Fraction(1, 2))


def regular_line(life: Life, subscription: Subscription, item: Item, invoice: str) -> Line:
    """Return the line that bills an item for its present period, and remember that it covers it."""
    amount = interval_amount(item.price, item.quantity or 0, subscription.currency)
    text = f"{item.quantity} × {item.price.nickname}"
    if subscription.status == "trialing" or item.trial_end is not None:
        amount, text = Fraction(0), f"Trial period for {item.price.nickname}"
    line = Line(
        life.new_id("il"),
        invoice,
        to_minor(amount),
        subscription.currency,
        text,
        item.period_start,
        item.period_end,
        item.price,
        item.quantity,
        subscription=subscription.id,
        item=item.id,
    )
    life.cover[item.id] = (invoice, line.id)
    return line


def usage_line(life: Life, subscription: Subscription, item: Item, invoice: str) -> Line:
    """Return the line that bills a metered item for the period that has just ended."""
    quantity = life.rng.randint(0, 5_000)
    return Line(
        life.new_id("il"),
        invoice,
        to_minor(interval_amount(item.price, quantity, subscription.currency)),
        subscription.currency,
        f"{quantity} × {item.price.nickname}",
        item.period_start,
        item.period_end,
        item.price,
        quantity,
        subscription=subscription.id,
        item=item.id,
    )


def prorate(
    life: Life, subscription: Subscription, old: Item | None, new: Item | None, restarts: bool = False
) -> None:
    """Make the pending credit for the rest of the old item's period, and the debit for the new one."""
    if old is not None:
        credit = -to_minor(_rest(life, subscription, old))
        if restarts and not credit:
            return
        text = f"Unused time on {old.price.nickname}"
        _pend(life, subscription, old, credit, text, life.cover.get(old.id))
    if new is not None and not restarts:
        debit = to_minor(_rest(life, subscription, new))
        text = f"Remaining time on {new.quantity} × {new.price.nickname}"
        life.cover[new.id] = ("", _pend(life, subscription, new, debit, text, None))


def _rest(life: Life, subscription: Subscription, item: Item) -> Fraction:
    """Return what the rest of an item's period costs, discounts taken off."""
    on_trial = subscription.status == "trialing" or item.trial_end is not None
    if on_trial or item.price.usage_type == "metered":
        return Fraction(0)
    share = Fraction(item.period_end - life.now, item.period_end - item.period_start)
    others = tuple(one for one in subscription.items if one.id != item.id)
    whole = replace(subscription, items=(item, *others))
    return item_amounts(whole, life.running_coupons(whole), net=False)[0] * share


def _pend(
    life: Life,
    subscription: Subscription,
    item: Item,
    amount: int,
    text: str,
    credits: tuple[str, str] | None,
) -> str:
    pending = InvoiceItem(
        life.new_id("ii"),
        subscription.customer,
        life.now,
        amount,
        subscription.currency,
        text,
        life.now,
        item.period_end,
        item.price,
        item.quantity or 0,
        proration=True,
        subscription=subscription.id,
        item=item.id,
        credits=credits,
    )
    life.save("invoiceitem", pending, "invoiceitem.created")
    life.pending.append(pending.id)
    return pending.id


def pend_charge(life: Life, subscription: Subscription, price: Price, quantity: int = 1) -> None:
    """Put a one-off charge aside for a subscription's next invoice."""
    amount = to_minor(interval_amount(price, quantity, subscription.currency))
    pending = InvoiceItem(
        life.new_id("ii"),
        subscription.customer,
        life.now,
        amount,
        subscription.currency,
        price.nickname or "Service",
        life.now,
        life.now,
        price,
        quantity,
        subscription=subscription.id,
    )
    life.save("invoiceitem", pending, "invoiceitem.created")
    life.pending.append(pending.id)


def pending_of(life: Life, subscription: str | None) -> list[InvoiceItem]:
    """Return what is pending on a subscription (None: by hand), oldest first."""
    due = (life.book.get("invoiceitem", name) for name in life.pending)
    return [item for item in due if item is not None and item.subscription == subscription]


def has_pending(life: Life, subscription: str) -> bool:
    """Return whether anything is pending on a subscription."""
    return bool(pending_of(life, subscription))


def take_pending(life: Life, subscription: str | None, invoice: str) -> list[Line]:
    """Move the pending items of a subscription onto an invoice, oldest first."""
    taken = pending_of(life, subscription)
    landed = {item.id: (invoice, life.new_id("il")) for item in taken}
    life.pending = [name for name in life.pending if name not in landed]
    for item, (where, name) in list(life.cover.items()):
        if where == "" and name in landed:
            life.cover[item] = landed[name]
    return [_landed(life, item, landed) for item in taken]


def _landed(life: Life, pending: InvoiceItem, landed: dict[str, tuple[str, str]]) -> Line:
    invoice, name = landed[pending.id]
    credits = pending.credits
    if credits and credits[0] == "":
        credits = landed.get(credits[1])
    placed = replace(pending, invoice=invoice)
    life.save("invoiceitem", placed)
    return Line(
        name,
        invoice,
        pending.amount,
        pending.currency,
        pending.description,
        pending.period_start,
        pending.period_end,
        pending.price,
        pending.quantity,
        subscription=pending.subscription,
        item=pending.item,
        invoice_item=pending.id,
        proration=pending.proration,
        credits=credits,
    )
