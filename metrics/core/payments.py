"""What invoices tell of money: the first payment, what stayed unpaid, what was paid for, what went back."""

from collections.abc import Sequence

from metrics.core.facts import Customer, Invoice, Line

DAY = 86_400
Span = tuple[int, int | None]
Billed = tuple[Line, Invoice]


def paid_at(invoice: Invoice) -> int | None:
    """Return when an invoice was paid, by whatever means; an archive may tell only that it was."""
    if invoice.paid_at is None and invoice.status == "paid":
        return invoice.created if invoice.finalized_at is None else invoice.finalized_at
    return invoice.paid_at


def regular(billed: Sequence[Billed]) -> list[Billed]:
    """Return the lines that bill a whole period."""
    return [pair for pair in billed if not pair[0].proration]


def counts_from(lines: Sequence[Billed], began: int, priced_from: int | None) -> int | None:
    """Return when a subscription charged automatically was first paid, None when it never was.

    Only an invoice for the first priced period can delay it: an imported or backdated subscription
    has none, and counts from its start. After a trial (`priced_from` None) any invoice can.
    """
    asking = [(line, invoice) for line, invoice in lines if line.amount > 0]
    if not asking or (priced_from is not None and asking[0][0].period_start > priced_from + DAY):
        return began
    kept = [invoice for _, invoice in asking if invoice.status not in ("void", "uncollectible")]
    return min((at for at in map(paid_at, kept) if at is not None), default=None)


def unpaid_spans(invoices: Sequence[Invoice]) -> list[Span]:
    """Return when invoices stayed due for a day or longer; one written off, until the next payment."""
    payments = sorted(at for at in map(paid_at, invoices) if at is not None)
    spans: list[Span] = []
    for invoice in invoices:
        due = invoice.due_date if invoice.collection_method == "send_invoice" else None
        due = invoice.finalized_at if due is None else due
        if due is None or invoice.status == "draft":
            continue
        end = paid_at(invoice) or invoice.voided_at
        if end is None and invoice.marked_uncollectible_at is not None:
            end = next((at for at in payments if at > max(due, invoice.marked_uncollectible_at)), None)
        if end is None or end - due >= DAY:
            spans.append((due, end))
    return spans


def unpaid_since(spans: Sequence[Span], at: int) -> int | None:
    """Return the due instant of the oldest invoice unpaid at the instant."""
    return min((due for due, end in spans if due <= at and (end is None or at < end)), default=None)


def first_draft_renewal(lines: Sequence[Billed]) -> int | None:
    """Return where the renewals begin that were left draft after the last one that was not."""
    drafts: list[int] = []
    for line, invoice in lines:
        if invoice.status == "draft":
            drafts.append(line.period_start)
        elif line.period_start not in drafts:
            drafts.clear()
    return min(drafts, default=None)


def uncollected(lines: Sequence[Billed]) -> list[Line]:
    """Return the renewals that were never charged: left draft, or voided or written off at once."""
    return [
        line
        for line, invoice in lines
        if invoice.billing_reason == "subscription_cycle" and not invoice.attempted and _dropped(invoice)
    ]


def _dropped(invoice: Invoice) -> bool:
    opened = invoice.created if invoice.finalized_at is None else invoice.finalized_at
    closed = {"void": invoice.voided_at, "uncollectible": invoice.marked_uncollectible_at}
    if invoice.status == "draft":
        return True
    return invoice.status in closed and (closed[invoice.status] or opened) - opened < DAY


def settled_at(lines: Sequence[Billed], draft: Line) -> int | None:
    """Return when an invoice that was owed as a draft was made was paid."""
    owed = [invoice for line, invoice in lines if line.period_start < draft.period_start]
    paid = [at for at in map(paid_at, owed) if at is not None and at > draft.period_start]
    return min(paid, default=None)


def paid_until(lines: Sequence[Billed], by: int | None) -> int:
    """Return the end of an item's last paid period that had begun, 0 when none was paid."""
    ends = [
        line.period_end
        for line, invoice in lines
        if paid_at(invoice) is not None and (by is None or line.period_start <= by)
    ]
    return max(ends, default=0)


def refunded_from(billed: Sequence[Billed], customer: Customer, ended: int | None) -> int | None:
    """Return the start of an ended subscription's last period when all paid for it was given back."""
    starts = [line.period_start for line, _ in regular(billed) if ended and line.period_start < ended]
    if not starts:
        return None
    paid = [
        invoice for line, invoice in billed if line.period_start >= starts[-1] and invoice.amount_paid > 0
    ]
    back = paid and all(_given_back(invoice, customer) >= invoice.amount_paid for invoice in paid)
    return starts[-1] if back else None


def _given_back(invoice: Invoice, customer: Customer) -> int:
    """Add up an invoice's refunds, tied by its payments, else by credit notes."""
    done = {refund.id: refund for refund in customer.refunds if refund.status in ("succeeded", None)}
    tied = {
        refund.id: refund.amount
        for refund in done.values()
        if {refund.payment_intent, refund.charge}.intersection(invoice.payments)
    }
    outside = 0
    for note in customer.credit_notes:
        if note.invoice == invoice.id and note.status != "void":
            outside += note.out_of_band_amount
            tied = {refund: amount for refund, amount in note.refunds if refund in done} | tied
    return outside + sum(tied.values())
