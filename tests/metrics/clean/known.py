"""What an invented company knows of the mistakes: its own records valued by its own arithmetic."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.life import Life
from billing_sync.sandbox.valuation import item_amounts, micro, monthly

MICRO = 1_000_000
Amounts = Counter[tuple[str, str]]


def month_start(company: Company) -> int:
    """Return the first instant of the company's present month in UTC."""
    now = datetime.fromtimestamp(company.now, UTC)
    return int(datetime(now.year, now.month, 1, tzinfo=UTC).timestamp())


def running(company: Company) -> Iterator[tuple[Life, Any]]:
    """Yield every subscription that has not ended."""
    for life in company.lives:
        for subscription in (one for one in company.book.all("subscription")):
            if subscription.customer == life.customer.id and subscription.ended_at is None:
                yield life, subscription


def coupons(company: Company, life: Life, subscription: Any) -> list[Any]:
    """Return the coupons that reduce MRR now."""
    held = subscription.discounts or tuple(filter(None, [life.customer.discount]))
    found = [(one, None) for one in held]
    found += [(one, item.id) for item in subscription.items for one in item.discounts]
    return [
        (one.coupon, only)
        for one, only in found
        if one.coupon.duration != "once" and (one.end is None or company.now < one.end)
    ]


def counted(company: Company, life: Life, item: str) -> int:
    """Return an item's true MRR now."""
    return sum(row.mrr_micro for row in life.ledger.rows.get(item, ()) if row.to_at is None)


def mistakes(company: Company) -> Amounts:
    """Return by mistake and currency what each adds to MRR."""
    found: Amounts = Counter()
    for life, sub in running(company):
        with_coupons, none = coupons(company, life, sub), list[Any]()
        values = item_amounts(sub, with_coupons, net=True)
        for place, item in enumerate(sub.items):
            mrr = counted(company, life, item.id)

            def worth(amounts: list[Fraction], place: int = place, price: Any = item.price) -> int:
                return micro(monthly(price, amounts[place]))

            if sub.status in ("trialing",) and not mrr:
                found["trials", sub.currency] += worth(values)
            if sub.status == "past_due":
                found["past_due", sub.currency] -= mrr
            if sub.id in life.counting and sub.pause_behavior is None:
                found["discounts", sub.currency] += worth(item_amounts(sub, none, net=True)) - mrr
                rates = item.tax_rates or sub.tax_rates
                added = sum(Fraction(rate.percentage) / 100 for rate in rates if not rate.inclusive)
                taxed = [amount * (1 + added) for amount in item_amounts(sub, with_coupons, net=False)]
                found["tax", sub.currency] += worth(taxed) - mrr
            if item.price.interval == "year" or item.price.interval_count > 1:
                found["annual_cash", sub.currency] -= mrr
    _invoiced(company, found)
    return found


def _invoiced(company: Company, found: Amounts) -> None:
    since = month_start(company)
    for invoice in company.book.all("invoice"):
        for line in invoice.lines:
            net = line.amount - sum(off for _, off in line.discount_amounts)
            net = (net - sum(tax.amount for tax in line.taxes if tax.rate.inclusive)) * MICRO
            paid = invoice.paid_at is not None and invoice.paid_at >= since
            if line.item is None and (invoice.finalized_at or 0) >= since and invoice.status != "void":
                found["setup_fees", invoice.currency] += net
            long = line.price and line.price.interval and not line.proration
            if long and paid and (line.price.interval == "year" or line.price.interval_count > 1):
                found["annual_cash", invoice.currency] += net


def cash(company: Company) -> tuple[Counter[str], Counter[str]]:
    """Return by currency the month's billings and its cash."""
    since, billings, received = month_start(company), Counter[str](), Counter[str]()
    for invoice in company.book.all("invoice"):
        if (invoice.finalized_at or 0) >= since and invoice.status not in ("draft", "void"):
            billings[invoice.currency] += invoice.total * MICRO
        if (invoice.paid_at or 0) >= since:
            received[invoice.currency] += invoice.total * MICRO
    for refund in company.book.all("refund"):
        if refund.created >= since:
            received[refund.currency] -= refund.amount * MICRO
    return billings, received
