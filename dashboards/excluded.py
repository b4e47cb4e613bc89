"""What invoices come to and what stands outside MRR, in words and ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_sync.models import Payer
from dashboards.formatting import Money, money
from dashboards.links import Link
from dashboards.places import Places
from dashboards.rule_words import rule_words
from dashboards.selection import AddressError
from metrics.clean.checking import OUT
from metrics.clean.reading import Report
from metrics.invoiced.queries import InvoicedMonth, Key, Line, Part
from metrics.queries import Shown

LABELS = {
    "counted": (gettext_lazy("Counted"), gettext_lazy("Recurring and paid: what MRR is made from.")),
    "discount": (gettext_lazy("Discounts"), gettext_lazy("Taken off by coupons that lower MRR.")),
    "tax": (gettext_lazy("Tax"), gettext_lazy("In the price or on top of it; never revenue.")),
    "setup_fee": (gettext_lazy("Setup fees"), gettext_lazy("One-off lines of a first invoice.")),
    "one_off": (gettext_lazy("One-off items"), gettext_lazy("Services and amounts that do not repeat.")),
    "usage": (gettext_lazy("Usage"), gettext_lazy("Metered; your definition leaves it out.")),
    "proration": (
        gettext_lazy("Prorations"),
        gettext_lazy("Parts of a period; the change itself moves MRR, the amount does not."),
    ),
    "trial": (gettext_lazy("Trials"), gettext_lazy("Lines of 0 for a time of trial.")),
    "free": (gettext_lazy("Free plans"), gettext_lazy("Lines of a price of 0.")),
    "once_discount": (
        gettext_lazy("Discounts of one invoice"),
        gettext_lazy("Coupons that last once do not lower MRR."),
    ),
    "repeating_discount": (
        gettext_lazy("Discounts of some months"),
        gettext_lazy("Your definition does not let them lower MRR."),
    ),
    "forever_discount": (
        gettext_lazy("Lasting discounts"),
        gettext_lazy("Your definition does not let them lower MRR."),
    ),
    "unpaid": (gettext_lazy("Not paid yet"), gettext_lazy("Invoices that are still open.")),
    "void": (gettext_lazy("Voided"), gettext_lazy("Invoices withdrawn since, whole.")),
    "uncollectible": (gettext_lazy("Written off"), gettext_lazy("Invoices nobody will pay, whole.")),
    "refund": (gettext_lazy("Refunded"), gettext_lazy("A last period that was given back in full.")),
    "unknown_price": (gettext_lazy("Unknown prices"), gettext_lazy("Stripe no longer shows the price.")),
    "remainder": (
        gettext_lazy("Beyond the lines"),
        gettext_lazy("What invoice totals have beyond their lines, such as shipping or credits."),
    ),
}
SEPARATOR = "~"


@dataclass(frozen=True, slots=True)
class Cell:
    """One heading or rule: its words, its amount, and the page of its rows."""

    label: str
    text: str
    count: int
    amount: Money
    opens: Link


@dataclass(frozen=True, slots=True)
class LineRow:
    """One invoice line behind a cell, and where its customer and its invoice open."""

    name: str
    customer: str
    invoice: str
    kind: str
    on: date
    amount: Money
    part: Money
    part_micro: int
    url: str
    invoice_url: str
    stripe_url: str


def label_of(rule: str) -> str:
    """Return a rule's name; one without a name shows itself."""
    return str(LABELS[rule][0]) if rule in LABELS else rule.replace("_", " ")


def text_of(rule: str) -> str:
    """Return a rule's explanation, if it has one."""
    return str(LABELS[rule][1]) if rule in LABELS else ""


def split(slug: str, month: InvoicedMonth) -> dict[str, Any]:
    """Return the month's table: what was invoiced, its headings, and the rules below them."""

    def cell(part: Part) -> Cell:
        url = lines_url(slug, part.rule, month.month, month.currency)
        amount, opens = money(part.amount_micro, month.currency), Link(url, amount_micro=part.amount_micro)
        return Cell(label_of(part.rule), text_of(part.rule), part.lines, amount, opens)

    return {
        "invoiced": money(month.amount_micro, month.currency),
        "charged": money(month.charged_micro, month.currency),
        "count": month.lines,
        "headings": [cell(one) for one in month.headings],
        "excluded": [cell(one) for one in month.excluded],
    }


def outside(slug: str, report: Report) -> list[Cell]:
    """Return by rule the subscriptions that are not in MRR, and what they would be worth."""
    currency, month = report.where.currency, report.where.month
    return [
        Cell(
            label_of(rule) if rule in LABELS else rule.replace("_", " ").capitalize(),
            rule_words(rule),
            report.count(OUT + rule),
            money(amount, currency),
            Link(rows_url(slug, OUT + rule, month, currency), amount_micro=amount),
        )
        for rule, amount in report.left_out.items()
    ]


def line_rows(shown: Shown, lines: Sequence[Line], currency: str, opens: Places) -> list[LineRow]:
    """Return lines with the names of their customers."""
    payers = Payer.objects.filter(
        organization_id=shown.organization_id, customer_id__in={line.key[1] for line in lines}
    ).values_list("connection_id", "customer_id", "name", "email")
    names = {(connection, customer): name or email for connection, customer, name, email in payers}
    return [
        LineRow(
            names.get(line.key[:2]) or line.key[1],
            line.key[1],
            line.key[2],
            label_of(line.kind) if line.kind != "recurring" else _("Recurring"),
            line.billed_on,
            money(line.amount_micro, currency),
            money(line.part_micro, currency),
            line.part_micro,
            opens.customer(*line.key[:2]),
            opens.stored(line.key[0], line.key[2], line.line_id),
            opens.at_stripe(line.key[0], line.key[2]),
        )
        for line in lines
    ]


def lines_url(slug: str, rule: str, month: date, currency: str, after: Key | None = None) -> str:
    """Return the address of the lines behind a cell."""
    asked = {"month": f"{month:%Y-%m}", "currency": currency}
    if after:
        connection_id, customer, invoice, position = after
        asked["after"] = SEPARATOR.join((str(connection_id), str(position), invoice, customer))
    return f"{reverse('excluded_lines', args=[slug, rule])}?{urlencode(asked)}"


def after_of(text: str) -> Key | None:
    """Read where a page of lines begins; AddressError where no page said so."""
    if not text:
        return None
    try:
        if not text.isprintable():
            raise ValueError
        connection_id, position, invoice, customer = text.split(SEPARATOR, 3)
        return UUID(connection_id), customer, invoice, int(position)
    except ValueError:
        raise AddressError(
            _("This is no place in the list. Open its first page and go on from there."), 400
        ) from None


def rows_url(slug: str, rule: str, month: date, currency: str, after: str = "") -> str:
    """Return the address of the subscriptions behind a figure of the clean check."""
    asked = {"month": f"{month:%Y-%m}", "currency": currency} | ({"after": after} if after else {})
    return f"{reverse('clean_rows', args=[slug, quote(rule, safe='')])}?{urlencode(asked)}"
