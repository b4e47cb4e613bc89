"""From opened invoices to amounts: every line, told apart by what it bills, and what lines leave over."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from metrics.build import payloads
from metrics.build.facts import Found
from metrics.build.invoices import NEVER, discount_of, line_details, price_of, subscription_of
from metrics.core.facts import Price
from metrics.core.pricing import asked

LONGEST = 255
UNDATED = payloads.Period()


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


# What all lines of an invoice share: its id, subscription, currency and status, when it was billed and paid.
Opened = tuple[str, str, str, str, int, int | None]


def invoiced_lines(invoice: payloads.Invoice, found: Found) -> list[Invoiced]:
    """Return an opened invoice's lines; amounts less discounts sum to its total.

    What the total has beyond the lines, such as shipping, is a line of its own.
    """
    if invoice.status in (None, "", "draft"):
        return []
    lines, opened = invoice.lines.data if invoice.lines else [], _opened(invoice)
    once = set[str]()
    for one in lines:
        if one.discount_amounts:
            once = _bound(invoice.discounts).union(*[_bound(line.discounts) for line in lines])
            break
    made = [_invoiced(invoice, opened, place, line, found, once) for place, line in enumerate(lines)]
    rest = None if invoice.total is None else _remainder(invoice, invoice.total, opened, made)
    return made if rest is None else [*made, rest]


def kind_of(
    line: payloads.Line, details: payloads.LineDetails, price: Price | None, invoice: payloads.Invoice
) -> str:
    """Name what a line bills, whatever a definition makes of it."""
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
    invoice: payloads.Invoice, opened: Opened, place: int, line: payloads.Line, found: Found, once: set[str]
) -> Invoiced:
    name, subscription, currency, status, billed_at, paid_at = opened
    details, period, price = line_details(line), line.period or UNDATED, price_of(line.pricing) or ""
    off = _by_duration(line.discount_amounts, found, once) if line.discount_amounts else (0, 0, 0)
    tax = added = 0
    for one in line.taxes or ():
        tax += one.amount
        added += 0 if one.tax_behavior == "inclusive" else one.amount
    return Invoiced._make(
        (
            name,
            place,
            line.id[:LONGEST],
            details.subscription[:LONGEST] if details.subscription else subscription,
            details.subscription_item[:LONGEST] if details.subscription_item else "",
            price[:LONGEST],
            currency,
            status,
            billed_at,
            paid_at,
            billed_at if period.start is None else period.start,
            billed_at if period.end is None else period.end,
            kind_of(line, details, found.shelf.prices.get(price), invoice),
            line.amount + added,
            *off,
            tax,
            added,
        )
    )


def _opened(invoice: payloads.Invoice) -> Opened:
    at = invoice.status_transitions or NEVER
    billed_at = (invoice.created or 0) if at.finalized_at is None else at.finalized_at
    paid_at = billed_at if at.paid_at is None and invoice.status == "paid" else at.paid_at
    subscription = (subscription_of(invoice.parent) or "")[:LONGEST]
    return invoice.id, subscription, invoice.currency, invoice.status or "", billed_at, paid_at


def _remainder(
    invoice: payloads.Invoice, total: int, opened: Opened, made: Sequence[Invoiced]
) -> Invoiced | None:
    """Return what the invoice's totals have beyond its lines, None where that is nothing."""
    amount, off, tax, added = total, 0, 0, 0
    for one in made:
        amount -= one.amount - one.discount
        off += one.discount
        tax += one.tax
        added += one.added_tax
    taxes = invoice.total_taxes
    if not (amount or off or tax or added or taxes or invoice.total_discount_amounts):
        return None
    exclusive = taxes and [one for one in taxes if one.tax_behavior != "inclusive"]
    left_off = _total(invoice.total_discount_amounts, off) - off
    left_tax, left_added = _total(taxes, tax) - tax, _total(exclusive, added) - added
    amount += left_off
    if not (amount or left_off or left_tax or left_added):
        return None
    name, subscription, currency, status, billed_at, paid_at = opened
    span = (billed_at, paid_at, billed_at, billed_at)
    lead = (name, len(made), "", subscription, "", "", currency, status, *span, "remainder")
    return Invoiced(*lead, amount, left_off, tax=left_tax, added_tax=left_added)


def _total(amounts: Iterable[payloads.DiscountAmount | payloads.Tax] | None, unknown: int) -> int:
    return unknown if amounts is None else sum([one.amount for one in amounts])


def _bound(discounts: payloads.DiscountList) -> set[str]:
    """Return the discounts that lie on one invoice alone."""
    return {
        one.id
        for one in discounts or ()
        if isinstance(one, payloads.Discount) and (one.invoice or one.invoice_item)
    }


def _by_duration(
    amounts: Iterable[payloads.DiscountAmount], found: Found, once: set[str]
) -> tuple[int, int, int]:
    """Sum discount amounts: all, and those of coupons that last once and for some months."""
    total, sums = 0, {"once": 0, "repeating": 0}
    for one in amounts:
        name = discount_of(one) or ""
        known = found.discounts.get(name)
        coupon = found.shelf.coupons.get(known.coupon) if known else None
        lasts = "once" if name in once else coupon.duration if coupon else ""
        total += one.amount
        if lasts in sums:
            sums[lasts] += one.amount
    return total, sums["once"], sums["repeating"]
