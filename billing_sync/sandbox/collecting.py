"""How money is collected for invoices, and what happens when it is not."""

from msgspec.structs import replace

from .invoicing import HOUR, finalize, void, write_off
from .life import DAY, Life
from .paying import attempt, pay_by_transfer
from .records import Invoice, Subscription

RETRIES = (3, 5, 7)


def collect_later(life: Life, name: str, invoice: str) -> None:
    """Collect a renewal an hour after it was drafted."""
    life.at(life.now + HOUR, lambda: collect(life, name, invoice))


def collect(life: Life, name: str, invoice: str) -> None:
    """Finalize an invoice, and charge it or send it, as its subscription says."""
    subscription = life.subscription(name)
    if subscription.status == "unpaid":
        return
    if subscription.pause_behavior is not None:
        _withheld(life, subscription, invoice)
        return
    opened = finalize(life, invoice, subscription.days_until_due)
    if opened.collection_method == "send_invoice" and opened.amount_due:
        _await(life, name, opened)
    elif attempt(life, opened):
        paid(life, name)
    else:
        _refused(life, subscription, opened)


def _withheld(life: Life, subscription: Subscription, invoice: str) -> None:
    if subscription.pause_behavior == "keep_as_draft":
        return
    finalize(life, invoice)
    if subscription.pause_behavior == "void":
        void(life, invoice)
    else:
        write_off(life, invoice)


def _await(life: Life, name: str, invoice: Invoice) -> None:
    life.at(life.now + life.pays_after_days * DAY, lambda: _transferred(life, name, invoice.id))
    if invoice.due_date is not None:
        life.at(invoice.due_date, lambda: _overdue(life, name, invoice.id))


def _transferred(life: Life, name: str, identity: str) -> None:
    invoice = life.book.get("invoice", identity)
    if invoice is not None and invoice.status == "open":
        pay_by_transfer(life, invoice)
        paid(life, name)


def _overdue(life: Life, name: str, identity: str) -> None:
    invoice, subscription = life.book.get("invoice", identity), life.subscription(name)
    if invoice is not None and invoice.status == "open" and subscription.status == "active":
        life.save("invoice", invoice, "invoice.overdue")
        life.save_subscription(replace(subscription, status="past_due"))


def paid(life: Life, name: str) -> None:
    """Let a payment put a subscription right, and count it from now if it did not count yet."""
    subscription = life.subscription(name)
    if subscription.ended_at is not None or subscription.status == "trialing":
        return
    if subscription.status != "active":
        subscription = replace(subscription, status="active")
        life.save_subscription(subscription)
    if subscription.pause_behavior is None:
        life.count_from(subscription, life.now)


def _refused(life: Life, subscription: Subscription, invoice: Invoice) -> None:
    if invoice.reason == "subscription_create":
        life.save_subscription(replace(subscription, status="incomplete"))
        life.at(life.now + 23 * HOUR, lambda: _expire(life, subscription.id, invoice.id))
        return
    if subscription.ended_at is not None:
        return
    life.save_subscription(replace(subscription, status="past_due"))
    _retry_later(life, subscription.id, invoice.id, 0)


def _expire(life: Life, name: str, invoice: str) -> None:
    subscription = life.subscription(name)
    if subscription.status != "incomplete":
        return
    void(life, invoice)
    expired = replace(subscription, status="incomplete_expired", ended_at=life.now)
    life.save_subscription(expired)


def _retry_later(life: Life, name: str, invoice: str, number: int) -> None:
    at = life.now + RETRIES[number] * DAY
    found = life.book.get("invoice", invoice)
    if found is not None:
        life.save("invoice", replace(found, next_attempt=at))
    life.at(at, lambda: _retry(life, name, invoice, number))


def _retry(life: Life, name: str, invoice: str, number: int) -> None:
    found, subscription = life.book.get("invoice", invoice), life.subscription(name)
    if found is None or found.status != "open" or subscription.ended_at is not None:
        return
    if attempt(life, replace(found, next_attempt=None)):
        paid(life, name)
    elif number + 1 < len(RETRIES):
        _retry_later(life, name, invoice, number + 1)
    else:
        _give_up(life, subscription)


def _give_up(life: Life, subscription: Subscription) -> None:
    if life.last_resort == "unpaid":
        life.stop_counting(subscription)
        life.ledger.only_events_tell(subscription.id, life.now, "unpaid")
        life.save_subscription(replace(subscription, status="unpaid"))
        return
    life.counting.discard(subscription.id)
    ended = replace(
        subscription,
        status="canceled",
        ended_at=life.now,
        canceled_at=life.now,
        reason="payment_failed",
    )
    life.save_subscription(ended, "customer.subscription.deleted")


def pay_open(life: Life, name: str) -> None:
    """Pay a subscription's open invoices now, oldest first, as a customer does by hand."""
    mine = life.book.oldest_first("invoice", 0, life.now, (0, ""), customer=life.customer.id)
    for _, invoice in list(mine):
        if invoice.subscription == name and invoice.status == "open" and attempt(life, invoice):
            paid(life, name)
