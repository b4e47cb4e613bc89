"""From invoices and pending invoice items to what they say about each subscription."""

from metrics.build import payloads
from metrics.build.facts import Found, reference
from metrics.core import facts

Pieces = dict[str, facts.Invoice]
# What most objects do not say.
NEVER, UNTOLD = payloads.Transitions(), payloads.LineDetails()


def invoice_facts(
    invoice: payloads.Invoice, payments: tuple[str, ...], found: Found, unused: list[tuple[str, str]]
) -> Pieces:
    """Return the invoice as each subscription that its lines name sees it."""
    own = subscription_of(invoice.parent)
    lines: dict[str, list[facts.Line]] = {own: []} if own else {}
    for line in invoice.lines.data if invoice.lines else ():
        details = line_details(line)
        subscription = details.subscription or own
        if not subscription:
            continue
        fact = line_fact(line, details, found)
        if fact is None:
            unused.append((f"{invoice.id}/{line.id}", "line_without_period"))
        elif subscription in lines:
            lines[subscription].append(fact)
        else:
            lines[subscription] = [fact]
    return {name: invoice_fact(invoice, tuple(some), payments, found) for name, some in lines.items()}


def invoice_fact(
    invoice: payloads.Invoice, lines: tuple[facts.Line, ...], payments: tuple[str, ...], found: Found
) -> facts.Invoice:
    at = invoice.status_transitions or NEVER
    return facts.Invoice(
        invoice.id,
        invoice.status or "",
        invoice.created or 0,
        lines,
        invoice.currency,
        invoice.billing_reason,
        invoice.collection_method or "charge_automatically",
        invoice.attempted is not False,
        invoice.amount_paid or 0,
        invoice.due_date,
        at.finalized_at,
        at.paid_at,
        at.voided_at,
        at.marked_uncollectible_at,
        found.ids(invoice.discounts) if invoice.discounts else (),
        payments,
    )


def line_details(line: payloads.Line) -> payloads.LineDetails:
    """Return what the line says of its subscription, whichever kind of line it is."""
    parent = line.parent
    if parent is None:
        return UNTOLD
    return parent.subscription_item_details or parent.invoice_item_details or UNTOLD


def line_fact(line: payloads.Line, details: payloads.LineDetails, found: Found) -> facts.Line | None:
    """Return the line, None where it covers no period."""
    period = line.period
    if period is None or period.start is None or period.end is None:
        return None
    shown = found.ids(line.discounts) if line.discounts else ()
    price, credits, off = price_of(line.pricing), details.proration_details, 0
    if price:
        found.shelf.named_prices.add(price)
    if line.discount_amounts:
        shown += tuple([name for name in map(discount_of, line.discount_amounts) if name])
        off = sum([amount.amount for amount in line.discount_amounts])
    return facts.Line(
        line.id,
        details.subscription_item,
        price,
        line.quantity,
        line.amount,
        period.start,
        period.end,
        bool(details.proration),
        credits is not None and credits.credited_items is not None,
        tuple(dict.fromkeys(shown)) if shown else (),
        off,
        sum([tax.amount for tax in line.taxes if tax.tax_behavior == "inclusive"]) if line.taxes else 0,
    )


def pending_fact(item: payloads.InvoiceItem, found: Found) -> tuple[str, facts.Invoice] | None:
    """Return an amount that waits for the next invoice as a draft of its own, with its subscription."""
    subscription = subscription_of(item.parent)
    period = item.period
    if item.invoice or not subscription or period is None or period.start is None or period.end is None:
        return None
    details = item.parent.subscription_details if item.parent else None
    line = facts.Line(
        id=item.id,
        subscription_item=details.subscription_item if details else None,
        price=found.shelf.price_id(price_of(item.pricing)),
        quantity=item.quantity,
        amount=item.amount,
        period_start=period.start,
        period_end=period.end,
        proration=item.proration,
        credited=credits_another(item.proration_details),
        discounts=found.ids(item.discounts),
    )
    draft = facts.Invoice(
        id=item.id, status="draft", created=item.date or 0, lines=(line,), currency=item.currency
    )
    return subscription, draft


def subscription_of(parent: payloads.Parent | None) -> str | None:
    details = parent.subscription_details if parent else None
    if details is None:
        return None
    named = details.subscription
    return named if type(named) is str and named else reference(named)


def price_of(pricing: payloads.Pricing | None) -> str | None:
    details = pricing.price_details if pricing else None
    if details is None:
        return None
    named = details.price
    return named if type(named) is str and named else reference(named)


def discount_of(amount: payloads.DiscountAmount) -> str | None:
    return reference(amount.discount)


def credits_another(details: payloads.ProrationDetails | None) -> bool:
    return details is not None and details.credited_items is not None
