"""Uploads and what they differ in, as values ready to be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dashboards.formatting import Money, money
from dashboards.links import Link
from metrics.bridge.comparing import Place
from metrics.bridge.models import Comparison, Upload, UploadedAmount
from metrics.bridge.rules import Text
from metrics.bridge.uploads.reasons import REASONS, UNEXPLAINED

WORDS: dict[str, Text] = {
    "rounding": _("Rounded to less than one unit"),
    "trial": _("A trial counted otherwise"),
    "first_payment": _("Counted otherwise before the first payment"),
    "past_due": _("Past due counted otherwise"),
    "unpaid": _("Unpaid counted"),
    "paused": _("Paused collection counted otherwise"),
    "discount": _("Other discounts taken off"),
    "tax": _("Tax left in"),
    "usage": _("Metered usage counted otherwise"),
    "cancellation": _("A requested cancellation counted otherwise"),
    "refund": _("A refunded period counted otherwise"),
    "interval": _("A longer interval not divided by its months"),
    "timing": _("Ours up to three days earlier or later"),
    "currency": _("In another currency here"),
    "unknown_customer": _("A customer who is unknown here"),
    "several_customers": _("A name that several customers have"),
    "test_data": _("A customer of an account that is not counted, such as test data"),
    "only_theirs": _("Only in the file, for no reason found"),
    "only_ours": _("Only here, for no reason found"),
    "unexplained": _("Another amount, for no reason found"),
}


@dataclass(frozen=True, slots=True)
class Month:
    """One month of an upload in one currency."""

    month: date
    currency: str
    customers: int
    total: Money
    url: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for differences: on how many customers, how much, and the page of the rows."""

    label: Text
    customers: int
    amount: Money
    opens: Link


def months_of(slug: str, upload: Upload) -> list[Month]:
    """Return what an upload holds, the newest month first."""
    found = UploadedAmount.objects.filter(organization_id=upload.organization_id, upload_id=upload.id)
    sums = found.values("month", "currency").annotate(customers=Count("customer"), total=Sum("amount_micro"))
    return [
        Month(
            one["month"],
            one["currency"],
            one["customers"],
            money(int(one["total"]), one["currency"]),
            comparison_url(slug, upload, one["month"], one["currency"]),
        )
        for one in sums.order_by("-month", "currency")
    ]


def comparison_url(
    slug: str, upload: Upload, month: date, currency: str, reason: str = "", after: str = ""
) -> str:
    """Return the address of a month's comparison, or of the rows of one reason."""
    query = {"month": f"{month:%Y-%m}", "currency": currency}
    query |= {"after": after} if after else {}
    name, more = ("upload_reason", [reason]) if reason else ("upload_comparison", [])
    return f"{reverse(name, args=[slug, upload.id, *more])}?{urlencode(query)}"


def settled(slug: str, upload: Upload, where: Place, one: Comparison) -> dict[str, Any]:
    """Return a comparison's totals and reasons."""
    told, currency = one.result, where.currency
    return {
        "ours": money(told["ours_micro"], currency),
        "theirs": money(told["theirs_micro"], currency),
        "difference": money(told["theirs_micro"] - told["ours_micro"], currency, signed=True),
        "equal": told["equal"],
        "explained": _reasons(slug, upload, where, told["reasons"], REASONS),
        "unexplained": _reasons(slug, upload, where, told["reasons"], UNEXPLAINED),
        "remainder": money(
            sum(each["amount_micro"] for code, each in told["reasons"].items() if code in UNEXPLAINED),
            currency,
            signed=True,
        ),
        "computed_at": one.computed_at,
    }


def _reasons(
    slug: str, upload: Upload, where: Place, told: Mapping[str, Any], codes: tuple[str, ...]
) -> list[Reason]:
    return [
        Reason(
            WORDS[code],
            told[code]["customers"],
            money(told[code]["amount_micro"], where.currency, signed=True),
            Link(
                comparison_url(slug, upload, where.month, where.currency, code),
                amount_micro=told[code]["amount_micro"],
            ),
        )
        for code in codes
        if code in told
    ]
