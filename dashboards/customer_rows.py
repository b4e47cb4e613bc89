"""Customers as rows of a page, under the balance that was opened."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dashboards.addresses import Customers
from dashboards.formatting import DASH, Money, money, percent
from dashboards.selection import Choice
from metrics.core.rates import ratio
from metrics.evidence.held import holders
from metrics.evidence.pages import Held
from metrics.evidence.record import plan_name
from metrics.evidence.sums import standing
from metrics.queries import Shown

LABELS: "dict[str, str | Promise]" = {
    "mrr": _("MRR"),
    "arr": _("ARR"),
    "committed_mrr": _("Committed MRR"),
    "contracted_arr": _("Contracted ARR"),
}
MEANINGS: "dict[str, str | Promise]" = {
    "mrr": _("What each customer's subscription items are worth a month."),
    "arr": _("12 × the MRR of each customer."),
    "committed_mrr": _("MRR without what is cancelled already, with what is signed and has not started."),
    "contracted_arr": _("12 × the MRR of items that are billed for a year or longer."),
}


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer's part of a balance."""

    name: str
    customer_id: str
    url: str
    amount: Money
    amount_micro: int
    share: str


def balance_page(shown: Shown, wanted: Customers, slug: str) -> dict[str, Any]:
    """Return what the page of customers shows."""
    balance = wanted.balance
    known = standing(shown, balance.currency, balance.on)
    page = holders(shown, known, balance, wanted.after)
    whole = known.amount_micro(balance.figure)
    return {
        "heading": LABELS[balance.figure],
        "meaning": MEANINGS[balance.figure],
        "on": balance.on,
        "to_now": balance.on == shown.today,
        "currency": balance.currency.upper(),
        "plan": plan_name(shown.organization_id, balance.plan) if balance.plan else "",
        "share": percent(ratio(page.total_micro, whole))
        if balance.plan and page.total_micro is not None
        else "",
        "by_customer": page.by_customer,
        "figures": [
            Choice(name, str(label), wanted.url(figure=name), name == balance.figure)
            for name, label in LABELS.items()
        ],
        "total": DASH if page.total_micro is None else money(page.total_micro, balance.currency),
        "total_micro": page.total_micro,
        "count": page.count,
        "rows": [_row(line, balance.currency, page.total_micro, slug) for line in page.lines],
        "first_url": wanted.url() if wanted.after else "",
        "next_url": wanted.url(after=page.next_key) if page.more else "",
    }


def _row(line: Held, currency: str, total_micro: int | None, slug: str) -> CustomerRow:
    return CustomerRow(
        name=line.name,
        customer_id=line.customer_id,
        url=reverse("customer", args=[slug, line.connection_id, line.customer_id]),
        amount=money(line.amount_micro, currency),
        amount_micro=line.amount_micro,
        share=percent(None if total_micro is None else ratio(line.amount_micro, total_micro)),
    )
