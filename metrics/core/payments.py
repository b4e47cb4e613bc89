"""What invoices tell of money: the first payment, what stayed unpaid, what was paid for, what went back."""

from collections.abc import Iterator, Sequence

from metrics.core.facts import Customer, Invoice, Line
from metrics.core.marks import FOREVER, Span
from metrics.core.pricing import asked
from metrics.core.record import Billed, Record
from metrics.core.terms import Trails

DAY = 86_400


def counts_from(record: Record, trails: Trails) -> int:
    """Return when a subscription charged automatically was first paid; one that is sent invoices, began.

    Only an invoice for the first priced period can delay it: an imported or backdated subscription
    has none, and counts from its start. After a trial any invoice can.
    """
    if record.states and record.states[-1].collection_method != "charge_automatically":
        return record.began
    asking = [one for one in record.regular if one.line.amount > 0]
    tried = any(state.trial_end is not None for state in record.states)
    if not asking or not (tried or asking[0].line.period_start <= _priced_from(record, trails) + DAY):
        return record.began
    kept = [invoice.paid for _, invoice in asking if invoice.status not in ("void", "uncollectible")]
    return min([at for at in kept if at is not None], default=FOREVER)


def _priced_from(record: Record, trails: Trails) -> int:
    """Return when an item first had a price above 0."""
    prices, found = record.catalogue.prices, []
    for trail in trails.values():
        for at, terms, *_ in trail:
            if terms and asked(prices[terms.price], terms.quantity, terms.currency):
                found.append(at)
                break
    return max(min(found, default=0), record.began)


def unpaid(invoices: Sequence[Invoice]) -> Iterator[Span]:
    """Yield when invoices stayed due for a day or longer; one written off, until the next payment."""
    for invoice in invoices:
        due = invoice.due_date if invoice.collection_method == "send_invoice" else None
        due = invoice.finalized_at if due is None else due
        if due is None or invoice.status == "draft":
            continue
        end = invoice.paid or invoice.voided_at
        if end is None and invoice.marked_uncollectible_at is not None:
            written_off = max(due, invoice.marked_uncollectible_at)
            payments = [one.paid for one in invoices if one.paid is not None]
            end = min([at for at in payments if at > written_off], default=None)
        if end is None or end - due >= DAY:
            yield Span(due, FOREVER if end is None else end, due)


def first_draft_renewal(lines: Sequence[Billed]) -> int | None:
    """Return where the renewals begin that were left draft after the last one that was not."""
    drafts = {line.period_start for line, invoice in lines if invoice.status == "draft"}
    if not drafts:
        return None
    charged = max((line.period_start for line, _ in lines if line.period_start not in drafts), default=0)
    return min((start for start in drafts if start > charged), default=None)


def never_charged(invoice: Invoice) -> bool:
    """Tell a renewal that was left draft, or voided or written off at once."""
    if invoice.attempted or invoice.billing_reason != "subscription_cycle":
        return False
    closed = {
        "draft": None,
        "void": invoice.voided_at,
        "uncollectible": invoice.marked_uncollectible_at,
    }
    if invoice.status not in closed:
        return False
    return (closed[invoice.status] or invoice.opened) - invoice.opened < DAY


def settled_at(lines: Sequence[Billed], draft: Line) -> int:
    """Return when an invoice that was owed as a draft was made was paid."""
    owed = [invoice.paid for line, invoice in lines if line.period_start < draft.period_start]
    return min((at for at in owed if at is not None and at > draft.period_start), default=FOREVER)


def paid_until(lines: Sequence[Billed], by: int = FOREVER) -> int:
    """Return the end of an item's last paid period that had begun, 0 when none was paid."""
    paid = (
        line.period_end for line, invoice in lines if invoice.paid is not None and line.period_start <= by
    )
    return max(paid, default=0)


def refunded_from(record: Record) -> int:
    """Return the start of an ended subscription's last period when all paid for it was given back."""
    if record.ended == FOREVER:
        return FOREVER
    starts = [one.line.period_start for one in record.regular if one.line.period_start < record.ended]
    if not starts:
        return FOREVER
    last = [invoice for line, invoice in record.billed if line.period_start >= starts[-1]]
    paid = [invoice for invoice in last if invoice.amount_paid > 0]
    back = paid and all(_given_back(invoice, record.customer) >= invoice.amount_paid for invoice in paid)
    return starts[-1] if back else FOREVER


def _given_back(invoice: Invoice, customer: Customer) -> int:
    """Add up an invoice's refunds, tied by its payments, else by credit notes."""
    done = {refund.id: refund for refund in customer.refunds if refund.status in ("succeeded", None)}
    tied = {
        refund.id: refund.amount
        for refund in done.values()
        if not set(refund.payments).isdisjoint(invoice.payments)
    }
    outside = 0
    for note in customer.credit_notes:
        if note.invoice == invoice.id and note.status != "void":
            outside += note.out_of_band_amount
            tied = {refund: amount for refund, amount in note.refunds if refund in done} | tied
    return outside + sum(tied.values())
