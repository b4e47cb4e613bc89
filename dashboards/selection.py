"""Which month, currency and length a page shows: read from its address, and written into its links."""

import re
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization
from metrics.months import Months
from metrics.periods import month_of, parse_month, shift

SPANS = (6, 12)
DEFAULT_SPAN = 12
CURRENCY = re.compile(r"[a-z]{3}")


class AddressError(Exception):
    """An address that names nothing to show; the message says what would, the status is 400 or 404."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Selection:
    """What a page shows, and the months it could show."""

    month: date
    currency: str
    span: int
    first: date
    present: date

    @property
    def in_progress(self) -> bool:
        """Say whether the month has not ended yet."""
        return self.month == self.present

    @property
    def length(self) -> int:
        """Count the months that end with the chosen one: those asked for, or those since the first."""
        since = (self.month.year - self.first.year) * 12 + self.month.month - self.first.month + 1
        return min(self.span, since)

    def url(self, *, month: date | None = None, currency: str = "", span: int = 0) -> str:
        """Return the address that shows the same with something else chosen."""
        chosen = {
            "month": f"{month or self.month:%Y-%m}",
            "currency": currency or self.currency,
            "span": span or self.span,
        }
        return f"?{urlencode(chosen)}"


def select(organization: Organization, parameters: QueryDict, months: Months) -> Selection:
    """Read the address of a page over the organization's months; AddressError says what is wrong."""
    preferred = organization.currency.lower()
    currency = _currency(preferred, parameters.get("currency", ""), months.currencies())
    present = month_of(months.today)
    first = min(months.first(currency) or present, present)
    selection = Selection(present, currency, _span(parameters.get("span", "")), first, present)
    return replace(selection, month=_month(parameters.get("month", ""), selection))


def _currency(preferred: str, text: str, currencies: list[str]) -> str:
    if not text:
        return preferred if preferred in currencies else currencies[0]
    if not CURRENCY.fullmatch(text):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    if text not in currencies:
        known = ", ".join(each.upper() for each in currencies)
        raise AddressError(
            _("There is no recurring revenue in %(code)s. There is some in %(known)s.")
            % {"code": text.upper(), "known": known},
            404,
        )
    return text


def _span(text: str) -> int:
    if not text:
        return DEFAULT_SPAN
    if text not in map(str, SPANS):
        raise AddressError(_("The page shows 6 or 12 months: span=6 or span=12."), 400)
    return int(text)


def _month(text: str, selection: Selection) -> date:
    if not text:
        return selection.present
    try:
        month = parse_month(text if text.isascii() else "")
    except ValueError:
        raise AddressError(
            _("A month is written as 2026-10: four digits, a hyphen, two digits."), 400
        ) from None
    if not selection.first <= month <= selection.present:
        raise AddressError(
            _("%(month)s holds no figures. They run from %(first)s to %(last)s.")
            % {"month": named(month), "first": named(selection.first), "last": named(selection.present)},
            404,
        )
    return month


def named(month: date) -> str:
    """Return October 2026."""
    return date_format(month, "F Y")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose; no address where it cannot be."""

    value: str
    label: str
    url: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Year:
    year: int
    months: list[Choice]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the controls of a page offer."""

    previous: Choice | None
    next: Choice | None
    years: list[Year]
    currencies: list[Choice]
    spans: list[Choice]


def choices(selection: Selection, currencies: list[str]) -> Choices:
    """Return the links that change one thing about the selection."""
    return Choices(
        previous=_step(selection, -1, _("Previous month, %(month)s")),
        next=_step(selection, 1, _("Next month, %(month)s")),
        years=_years(selection),
        currencies=[
            Choice(each, each.upper(), selection.url(currency=each), each == selection.currency)
            for each in currencies
        ],
        spans=[
            Choice(
                str(span),
                ngettext("%(count)d month", "%(count)d months", span) % {"count": span},
                selection.url(span=span),
                span == selection.span,
            )
            for span in SPANS
        ],
    )


def _step(selection: Selection, months: int, label: str) -> Choice | None:
    month = shift(selection.month, months)
    if not selection.first <= month <= selection.present:
        return None
    return Choice(f"{month:%Y-%m}", label % {"month": named(month)}, selection.url(month=month))


def _years(selection: Selection) -> list[Year]:
    years = range(selection.present.year, selection.first.year - 1, -1)
    return [
        Year(year, [_choice(selection, date(year, month, 1)) for month in range(1, 13)]) for year in years
    ]


def _choice(selection: Selection, month: date) -> Choice:
    within = selection.first <= month <= selection.present
    url = selection.url(month=month) if within else ""
    return Choice(f"{month:%Y-%m}", date_format(month, "M"), url, month == selection.month)
