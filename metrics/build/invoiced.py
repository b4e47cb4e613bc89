"""From opened invoices to amounts: every line, told apart by what it bills, and what lines leave over."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from metrics.build import payloads
from metrics.build.facts import Found, reference
from metrics.build.invoices import line_details, price_of, subscription_of
from metrics.core.facts import Price
from metrics.core.pricing import asked

LONGEST = 255


class Invoiced(NamedTuple):
    """One invoiced amount in minor units: its net, its discount and its tax; instants are unix seconds."""

    invoice: str
    position: int
    id: str
    subscription: str
    item: str
    price: str
    currency: str
    status: str
    billed_at: int
    paid_at: int | None
    start: int
    end: int
    kind: str
    amount: int
    discount: int = 0
    once_discount: int = 0
    repeating_discount: int = 0
    tax: int = 0
    added_tax: int = 0


def invoiced_lines(invoice: payloads.Invoice, found: Found) -> Iterator[Invoiced]:
    """Yield an opened invoice's lines; amounts less discounts sum to its total.

    What the total has beyond the lines, such as shipping, is a line of its own.
    """
    if invoice.status in (None, "", "draft"):
        return
    lines = [] if invoice.lines is None else invoice.lines.data
    once = _bound(invoice.discounts) | {name for line in lines for name in _bound(line.discounts)}
    made = [_invoiced(invoice, place, line, found, once) for place, line in enumerate(lines)]
    yield from made
    yield from _remainder(invoice, made)


def kind_of(line: payloads.Line, price: Price | None, invoice: payloads.Invoice) -> str:
    """Name what a line bills, whatever a definition makes of it."""
    details = line_details(line)
    if details.proration:
        return "proration"
    if price is None and details.subscription_item:
        return "unknown_price"
    if price is None or price.interval is None or not details.subscription_item:
        return "setup_fee" if invoice.billing_reason == "subscription_create" else "one_off"
    if price.metered:
        return "usage"
    if line.amount:
        return "recurring"
    quantity = 1 if line.quantity is None else line.quantity
    return "trial" if asked(price, quantity, invoice.currency) else "free"


def _invoiced(
    invoice: payloads.Invoice, place: int, line: payloads.Line, found: Found, once: set[str]
) -> Invoiced:
    details, period = line_details(line), line.period or payloads.Period()
    named = price_of(line.pricing) or ""
    off = _by_duration(line.discount_amounts or (), found, once)
    taxes = line.taxes or ()
    added = sum(tax.amount for tax in taxes if tax.tax_behavior != "inclusive")
    base = _base(invoice, place)
    return base._replace(
        id=line.id[:LONGEST],
        subscription=(details.subscription or base.subscription)[:LONGEST],
        item=(details.subscription_item or "")[:LONGEST],
        price=named[:LONGEST],
        start=base.billed_at if period.start is None else period.start,
        end=base.billed_at if period.end is None else period.end,
        kind=kind_of(line, found.shelf.prices.get(named), invoice),
        amount=line.amount + added,
        discount=sum(off.values()),
        once_discount=off["once"],
        repeating_discount=off["repeating"],
        tax=sum(tax.amount for tax in taxes),
        added_tax=added,
    )


def _base(invoice: payloads.Invoice, place: int) -> Invoiced:
    at = invoice.status_transitions or payloads.Transitions()
    billed_at = (invoice.created or 0) if at.finalized_at is None else at.finalized_at
    paid_at = billed_at if at.paid_at is None and invoice.status == "paid" else at.paid_at
    return Invoiced(
        invoice=invoice.id,
        position=place,
        id="",
        subscription=(subscription_of(invoice.parent) or "")[:LONGEST],
        item="",
        price="",
        currency=invoice.currency,
        status=invoice.status or "",
        billed_at=billed_at,
        paid_at=paid_at,
        start=billed_at,
        end=billed_at,
        kind="remainder",
        amount=0,
    )


def _remainder(invoice: payloads.Invoice, made: list[Invoiced]) -> Iterator[Invoiced]:
    """Yield what the invoice's totals have beyond its lines, if anything."""
    if invoice.total is None:
        return
    taxes = invoice.total_taxes
    off = sum(one.discount for one in made)
    tax, added = sum(one.tax for one in made), sum(one.added_tax for one in made)
    left_off = _total(invoice.total_discount_amounts, off) - off
    left_tax = _total(taxes, tax) - tax
    exclusive = None if taxes is None else [one for one in taxes if one.tax_behavior != "inclusive"]
    left_added = _total(exclusive, added) - added
    amount = invoice.total - sum(one.amount - one.discount for one in made) + left_off
    if amount or left_off or left_tax or left_added:
        yield _base(invoice, len(made))._replace(
            amount=amount, discount=left_off, tax=left_tax, added_tax=left_added
        )


def _total(amounts: Iterable[payloads.DiscountAmount | payloads.Tax] | None, unknown: int) -> int:
    return unknown if amounts is None else sum(one.amount for one in amounts)


def _bound(discounts: payloads.DiscountList) -> set[str]:
    """Return the discounts that lie on one invoice alone."""
    return {
        one.id
        for one in discounts or ()
        if isinstance(one, payloads.Discount) and (one.invoice or one.invoice_item)
    }


def _by_duration(amounts: Iterable[payloads.DiscountAmount], found: Found, once: set[str]) -> Counter[str]:
    """Sum discount amounts by how long their coupons last; what nobody knows lasts for ever."""
    sums: Counter[str] = Counter()
    for one in amounts:
        name = reference(one.discount) or ""
        known = found.discounts.get(name)
        coupon = found.shelf.coupons.get(known.coupon) if known else None
        sums["once" if name in once else coupon.duration if coupon else "forever"] += one.amount
    return sums
