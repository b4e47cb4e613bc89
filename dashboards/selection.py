"""Which month, currency and length a page shows: read from its address, and written into its links."""

import re
from dataclasses import dataclass, replace
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.currencies import CODES
from accounts.models import Organization
from config import dates
from metrics.months import Months
from metrics.periods import month_of, month_text, parse_month, shift

SPANS = (6, 12)
DEFAULT_SPAN = 12
# How many months back the month lies that figures are compared with.
AGAINST = {"previous": 1, "year": 12}
CURRENCY = re.compile(r"[a-z]{3}")


class AddressError(Exception):
    """An address that names nothing to show; the message says what would, the status is 400 or 404."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Selection:
    """What a page shows, and the months it could show; `own` is the organization's currency."""

    month: date
    currency: str
    span: int
    first: date
    present: date
    own: str = ""
    reporting: bool = False
    constant: bool = False
    against: str = "previous"

    @property
    def compared(self) -> date:
        """Return the month that figures are compared with."""
        return shift(self.month, -AGAINST[self.against])

    @property
    def shows_exchange(self) -> bool:
        """Say whether rates of exchange move what is shown."""
        return self.reporting and not self.constant

    @property
    def in_progress(self) -> bool:
        """Say whether the month has not ended yet."""
        return self.month == self.present

    @property
    def length(self) -> int:
        """Count the months that end with the chosen one: those asked for, or those since the first."""
        since = (self.month.year - self.first.year) * 12 + self.month.month - self.first.month + 1
        return min(self.span, since)

    def alerts_currency(self, currencies: list[str]) -> str:
        """Return the currency whose alert rules stand beside the figures: no rule sums currencies."""
        if self.currency in currencies:
            return self.currency
        return self.own if self.own in currencies else currencies[0]

    def url(
        self,
        *,
        month: date | None = None,
        currency: str = "",
        span: int = 0,
        reporting: str = "",
        constant: bool | None = None,
        against: str = "",
    ) -> str:
        """Return the address that shows the same with something else chosen; each word of it is plain."""
        asked = f"?month={month_text(month or self.month)}"
        if reporting or (self.reporting and not currency):
            held = self.constant if constant is None else constant
            asked += f"&in={reporting or self.currency}{'&constant=1' if held else ''}"
        else:
            asked += f"&currency={currency or self.currency}"
        beside = against or self.against
        compares = "" if beside == "previous" else f"&against={beside}"
        return f"{asked}&span={span or self.span}{compares}"


def select(
    organization: Organization, parameters: QueryDict, months: Months, *, converts: bool = False
) -> Selection:
    """Read the address of a page over the organization's months; AddressError says what is wrong.

    A page that converts nothing shows the organization's currency where an address asks for all in one.
    """
    own, codes, present = organization.currency.lower(), months.currencies(), month_of(months.today)
    reporting = reporting_currency(parameters.get("in", "")) if converts else ""
    currency = reporting or _currency(own, parameters.get("currency", ""), codes)
    begun = filter(None, map(months.first, codes if reporting else [currency]))
    first = min(min(begun, default=present), present)
    selection = Selection(
        present,
        currency,
        _span(parameters.get("span", "")),
        first,
        present,
        own,
        bool(reporting),
        bool(reporting) and _constant(parameters.get("constant", "")),
        _against(parameters.get("against", "")),
    )
    return replace(selection, month=_month(parameters.get("month", ""), selection))


def reporting_currency(text: str) -> str:
    """Return the currency in which all is asked for; AddressError where it is none."""
    if not text:
        return ""
    if not CURRENCY.fullmatch(text):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    if text not in CODES:
        raise AddressError(_("%(code)s is not a currency.") % {"code": text.upper()}, 404)
    return text


def _constant(text: str) -> bool:
    if text not in ("", "0", "1"):
        raise AddressError(_("Constant rates are asked for by constant=1."), 400)
    return text == "1"


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


def _against(text: str) -> str:
    if text and text not in AGAINST:
        known = ", ".join(AGAINST)
        raise AddressError(_("against is one of %(known)s.") % {"known": known}, 400)
    return text or "previous"


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
    return dates.month(month)


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
    currencies: list[Choice]
    rates: list[Choice]
    spans: list[Choice]
    against: list[Choice]


def choices(selection: Selection, currencies: list[str], *, converts: bool = False) -> Choices:
    """Return the links that change one thing about the selection."""
    return Choices(
        previous=_step(selection, -1, _("Previous month, %(month)s")),
        next=_step(selection, 1, _("Next month, %(month)s")),
        currencies=_currencies(selection, currencies, converts),
        rates=_rates(selection),
        spans=[
            Choice(
                str(span),
                ngettext("%(count)d month", "%(count)d months", span) % {"count": span},
                selection.url(span=span),
                span == selection.span,
            )
            for span in SPANS
        ],
        against=[
            Choice(each, label, selection.url(against=each), each == selection.against)
            for each, label in (("previous", _("Month before")), ("year", _("Year before")))
        ],
    )


def _currencies(selection: Selection, currencies: list[str], converts: bool) -> list[Choice]:
    """Return each currency by itself, and all of them in one where a page converts and that is another."""
    plain = None if selection.reporting else selection.currency
    found = [Choice(each, each.upper(), selection.url(currency=each), each == plain) for each in currencies]
    to = selection.currency if selection.reporting else selection.own or next(iter(currencies), "")
    if converts and to and (selection.reporting or currencies != [to]):
        label = _("All in %(code)s") % {"code": to.upper()}
        found.append(Choice("all", label, selection.url(reporting=to), selection.reporting))
    return found


def _rates(selection: Selection) -> list[Choice]:
    """Return the two ways to convert, where anything is converted."""
    if not selection.reporting:
        return []
    labels = {False: _("Each month's rates"), True: _("Constant rates")}
    return [
        Choice(str(int(held)), label, selection.url(constant=held), held == selection.constant)
        for held, label in labels.items()
    ]


def _step(selection: Selection, months: int, label: str) -> Choice | None:
    month = shift(selection.month, months)
    if not selection.first <= month <= selection.present:
        return None
    return Choice(month_text(month), label % {"month": named(month)}, selection.url(month=month))


def years(selection: Selection) -> list[Year]:
    """Return the months to pick from, those that hold no figures among them, the latest year first."""
    found = range(selection.present.year, selection.first.year - 1, -1)
    return [
        Year(year, [_choice(selection, date(year, month, 1)) for month in range(1, 13)]) for year in found
    ]


def _choice(selection: Selection, month: date) -> Choice:
    within = selection.first <= month <= selection.present
    url = selection.url(month=month) if within else ""
    return Choice(month_text(month), dates.month_abbreviation(month), url, month == selection.month)
