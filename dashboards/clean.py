"""The clean check in words: five points, the mistakes, and the mistake behind a number that was typed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import jobs
from dashboards.excluded import rows_url
from dashboards.formatting import Money, money
from dashboards.links import Link
from metrics.bridge import comparing
from metrics.clean.checking import MISTAKES, check
from metrics.clean.nearest import nearest
from metrics.clean.reading import Report, report
from metrics.core.money import decimals
from metrics.queries import Shown

Text = str | Promise
LARGEST = Decimal(10) ** 15
LONG = "long_plans"
LABELS: dict[str, tuple[Text, Text]] = {
    "annual_cash": (
        gettext_lazy("Long plans counted when they are paid"),
        gettext_lazy("A year's cash in its month, nothing in the others."),
    ),
    "setup_fees": (
        gettext_lazy("Setup fees and one-off items in"),
        gettext_lazy("What was billed once this month, added to MRR."),
    ),
    "trials": (gettext_lazy("Trials in"), gettext_lazy("Trials counted as if they paid already.")),
    "tax": (gettext_lazy("Tax in"), gettext_lazy("Prices with the tax in them or on top of them.")),
    "refunds": (
        gettext_lazy("Refunds ignored"),
        gettext_lazy("Last periods counted although all of it was given back."),
    ),
    "discounts": (gettext_lazy("Discounts ignored"), gettext_lazy("List prices in place of what is paid.")),
    "past_due": (
        gettext_lazy("Past due dropped"),
        gettext_lazy("Nothing for whoever is late with a payment."),
    ),
}
FIGURES: dict[str, tuple[Text, Text]] = {
    "bookings": (
        gettext_lazy("Bookings"),
        gettext_lazy(
            "Signed this month: one billing interval of every subscription that began, trials at conversion."
        ),
    ),
    "billings": (
        gettext_lazy("Billings"),
        gettext_lazy("The totals of all invoices finalized this month, tax included, voided ones not."),
    ),
    "cash": (
        gettext_lazy("Cash"),
        gettext_lazy("Invoices paid this month, less refunds made this month."),
    ),
}
OTHERS: dict[str, tuple[Text, Text]] = {
    LONG: (
        gettext_lazy("Plans longer than a month"),
        gettext_lazy("Their MRR beside what they bill."),
    ),
    "refunded": (gettext_lazy("Refunds of the month"), gettext_lazy("What went back to each customer.")),
    "bookings": FIGURES["bookings"],
}


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the check: whether it passes, what it found, and where the rows are."""

    label: Text
    text: str
    ok: bool
    amount: Money | None = None
    opens: Link | None = None


@dataclass(frozen=True, slots=True)
class MistakeRow:
    """One wrong number: what MRR would be, how far off that is, and its subscriptions."""

    label: Text
    text: Text
    amount: Money
    difference: Money
    count: int
    opens: Link | None
    pointed: bool


def checked(shown: Shown, month: date, currency: str) -> tuple[Report | None, bool]:
    """Return the month's check and whether a newer one is being made: at once where that is quick."""
    where = comparing.place(shown, month, currency)
    if where is None:
        return None, False
    found = report(where)
    if found is not None and found.is_current:
        return found, False
    if comparing.is_small(where):
        check(where)
        return report(where), False
    jobs.enqueue(where.organization_id, "clean_check", where.name)
    return found, True


def points(slug: str, found: Report, shown: Shown) -> list[Point]:
    """Return the five points with their amounts."""
    return [*_of_amounts(slug, found), *_of_rules(slug, found, shown)]


def _of_amounts(slug: str, found: Report) -> list[Point]:
    """Return the points that the amounts themselves decide."""
    usage = money(found.usage_micro, found.where.currency)
    return [
        Point(
            _("Longer plans are divided by their months"),
            _("Some do not.") if found.wrong else _("Each counts for its price ÷ months."),
            not found.wrong,
            money(found.long_micro, found.where.currency),
            _rows(slug, found, LONG),
        ),
        Point(
            _("Nothing that does not recur is in"),
            _("Usage counts, as your definition says: %(sum)s. Billed once this month:") % {"sum": usage}
            if found.usage_micro
            else _("Setup fees and one-off items billed this month stay out:"),
            not found.usage_micro,
            money(found.amount("setup_fees"), found.where.currency),
            _rows(slug, found, "setup_fees"),
        ),
    ]


def _of_rules(slug: str, found: Report, shown: Shown) -> list[Point]:
    """Return the points that the definition decides."""
    rules, late = shown.definition, -found.amount("past_due")
    return [
        Point(
            _("Refunds are netted"),
            _("A last period given back in full counts 0; refunds of this month:")
            if rules.refunds_netted_out
            else _("Your definition lets refunded periods count; refunds of this month:"),
            rules.refunds_netted_out,
            money(found.amount("refunded"), found.where.currency),
            _rows(slug, found, "refunded"),
        ),
        Point(
            _("Only paying subscriptions count"),
            _("Trials, free plans and unpaid ones are out. Late with a payment, but counted:"),
            not late and rules.require_first_payment,
            money(late, found.where.currency),
            _rows(slug, found, "past_due"),
        ),
        Point(
            _("The definition is written down"),
            _("Version %(version)s made these numbers.") % {"version": rules.version},
            shown.freshness.definition_version == rules.version,
        ),
    ]


def _rows(slug: str, found: Report, rule: str) -> Link | None:
    """Open a rule's rows, where it has any; they sum to what the rule adds."""
    if not found.count(rule):
        return None
    url = rows_url(slug, rule, found.where.month, found.where.currency)
    return Link(url, amount_micro=total_of(found, rule))


def total_of(found: Report, rule: str) -> int:
    """Return what a rule's rows sum to: of long plans their MRR, else what the rule adds."""
    return found.long_micro if rule == LONG else found.amount(rule)


def mistake_rows(slug: str, found: Report, pointed: tuple[str, ...] = ()) -> list[MistakeRow]:
    """Return what MRR would be under each mistake."""
    where = found.where
    return [
        MistakeRow(
            *LABELS[name],
            money(found.mrr_micro + found.amount(name), where.currency),
            money(found.amount(name), where.currency, signed=True),
            found.count(name),
            _rows(slug, found, name),
            name in pointed,
        )
        for name in MISTAKES
    ]


def figures(slug: str, found: Report) -> list[tuple[Text, Text, Money, Link | None]]:
    """Return the month's bookings, billings and cash, each with its meaning and its rows."""
    where = found.where
    booked = _rows(slug, found, "bookings")
    return [
        (*FIGURES[name], money(amount, where.currency), booked if name == "bookings" else None)
        for name, amount in amounts(found).items()
    ]


def amounts(found: Report) -> dict[str, int]:
    """Return the figures that are sometimes taken for MRR, in micro units."""
    return {"bookings": found.amount("bookings"), "billings": found.billings_micro, "cash": found.cash_micro}


def guessed(found: Report, text: str) -> dict[str, Any]:
    """Return what explains a number that was typed, or what is wrong with it."""
    currency = found.where.currency
    try:
        typed = Decimal(text.replace(",", "").replace(" ", "")) if text.isascii() else None
    except InvalidOperation:
        typed = None
    if typed is None or not typed.is_finite() or abs(typed) > LARGEST:
        return {"error": _("Write the number with digits and a point, such as 12345.67.")}
    guess = nearest(
        int(typed.scaleb(decimals(currency) + 6)), found.mrr_micro, found.mistakes, amounts(found)
    )
    labels = [str((LABELS | FIGURES)[name][0]) for name in guess.mistakes]
    return {
        "pointed": guess.mistakes,
        "labels": labels,
        "same": not labels,
        "amount": money(guess.amount_micro, currency),
        "off": money(guess.off_micro, currency, signed=True),
        "exact": guess.exact,
        "near": guess.near,
    }


def heading_of(rule: str) -> tuple[Text, Text] | None:
    """Return the label and explanation of a rule's rows, None for one that has none."""
    return (LABELS | OTHERS).get(rule)
