"""From invoices and pending invoice items to what they say about each subscription."""

from collections import defaultdict

from metrics.build import payloads
from metrics.build.facts import Found, reference
from metrics.core import facts

Pieces = dict[str, facts.Invoice]


def invoice_facts(
    invoice: payloads.Invoice, payments: tuple[str, ...], found: Found, unused: list[tuple[str, str]]
) -> Pieces:
    """Return the invoice as each subscription that its lines name sees it."""
    own = subscription_of(invoice.parent)
    lines: dict[str, list[facts.Line]] = defaultdict(list)
    if own:
        lines[own] = []
    for line in invoice.lines.data if invoice.lines else ():
        details = line_details(line)
        subscription = details.subscription or own
        if not subscription:
            continue
        fact = line_fact(line, details, found)
        if fact is None:
            unused.append((f"{invoice.id}/{line.id}", "line_without_period"))
        else:
            lines[subscription].append(fact)
    return {name: invoice_fact(invoice, tuple(some), payments, found) for name, some in lines.items()}


def invoice_fact(
    invoice: payloads.Invoice, lines: tuple[facts.Line, ...], payments: tuple[str, ...], found: Found
) -> facts.Invoice:
    at = invoice.status_transitions or payloads.Transitions()
    return facts.Invoice(
        id=invoice.id,
        status=invoice.status or "",
        created=invoice.created or 0,
        lines=lines,
        currency=invoice.currency,
        billing_reason=invoice.billing_reason,
        collection_method=invoice.collection_method or "charge_automatically",
        attempted=invoice.attempted is not False,
        amount_paid=invoice.amount_paid or 0,
        due_date=invoice.due_date,
        finalized_at=at.finalized_at,
        paid_at=at.paid_at,
        voided_at=at.voided_at,
        marked_uncollectible_at=at.marked_uncollectible_at,
        discounts=found.ids(invoice.discounts),
        payments=payments,
    )


def line_details(line: payloads.Line) -> payloads.LineDetails:
    """Return what the line says of its subscription, whichever kind of line it is."""
    parent = line.parent or payloads.LineParent()
    return parent.subscription_item_details or parent.invoice_item_details or payloads.LineDetails()


def line_fact(line: payloads.Line, details: payloads.LineDetails, found: Found) -> facts.Line | None:
    """Return the line, None where it covers no period."""
    period = line.period
    if period is None or period.start is None or period.end is None:
        return None
    amounts = line.discount_amounts or []
    named = [*found.ids(line.discounts), *(reference(amount.discount) for amount in amounts)]
    return facts.Line(
        id=line.id,
        subscription_item=details.subscription_item,
        price=found.shelf.price_id(price_of(line.pricing)),
        quantity=line.quantity,
        amount=line.amount,
        period_start=period.start,
        period_end=period.end,
        proration=bool(details.proration),
        credited=credits_another(details.proration_details),
        discounts=tuple(dict.fromkeys(name for name in named if name)),
        discount_amount=sum(amount.amount for amount in amounts),
        inclusive_tax=sum(tax.amount for tax in line.taxes or () if tax.tax_behavior == "inclusive"),
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
    return reference(details.subscription) if details else None


def price_of(pricing: payloads.Pricing | None) -> str | None:
    details = pricing.price_details if pricing else None
    return reference(details.price) if details else None


def credits_another(details: payloads.ProrationDetails | None) -> bool:
    return details is not None and details.credited_items is not None
