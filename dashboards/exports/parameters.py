"""What narrows an export: each parameter is written in one way, and a wrong one is told how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards import narrowing
from dashboards.addresses import RATES, day_of
from dashboards.selection import CURRENCY, AddressError, reporting_currency
from metrics.bridge.rules import WALK
from metrics.bridge.vendors import VENDORS
from metrics.build.tally import KINDS
from metrics.evidence.wanted import Only
from metrics.exposure.diagnoses import DIAGNOSES
from metrics.extracts.statements import Chosen
from metrics.outlook.decided import HORIZONS
from metrics.periods import month_of, parse_month, shift
from metrics.queries import Shown
from metrics.trials.trial import STATES

MOST_MONTHS = 1200
# What only says how a page shows rows, and none of which rows they are.
OF_PAGES = frozenset({"after", "before", "sort", "figure", "constant", "span", "against"})
FILTERS: "dict[str, str | Promise]" = {
    "interval": gettext_lazy("Interval"),
    "reason": gettext_lazy("Reason"),
    "country": gettext_lazy("Country"),
    "least": gettext_lazy("Least amount"),
    "most": gettext_lazy("Largest amount"),
    "text": gettext_lazy("Name, e-mail or id begins with"),
}
WINDOWS = ("day", "event", "month")


class ExportError(ValueError):
    """An export that cannot be made; the text says what to do, the status whether asking is at fault."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name for people, what it may be, and how an input asks for it."""

    label: "str | Promise"
    read: Callable[[str], str]
    input: str = "text"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What an export reads: the build on show, and the parameters in the one way they are written."""

    shown: Shown
    parameters: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a parameter, empty where it was not given."""
        return self.parameters.get(name, "")

    def day(self, name: str) -> date | None:
        """Return a day, None where it was not given."""
        return date.fromisoformat(self.text(name)) if self.text(name) else None

    def month(self) -> date:
        """Return the month, by default the present one."""
        return parse_month(self.text("month")) if self.text("month") else month_of(self.shown.today)

    def days(self) -> tuple[date, date]:
        """Return the days `[start, end)` that a month or from and to name, by default all."""
        if self.text("month"):
            return self.month(), shift(self.month(), 1)
        return self.day("from") or date.min, self.day("to") or date.max

    def chosen(self) -> Chosen:
        """Return the conditions of rows of the build."""
        start, end = self.days()
        connection = self.text("connection")
        return Chosen(
            currency=self.text("currency"),
            kind=self.text("kind"),
            plan=self.text("plan"),
            start=start,
            end=end,
            on=self.day("on"),
            connection_id=UUID(connection) if connection else None,
            customer_id=self.text("customer"),
            only=only(self.parameters),
        )


def only(told: Mapping[str, str]) -> Only:
    """Return what narrows movements as their page's filters do; AddressError says what is wrong."""
    asked = QueryDict(mutable=True)
    asked.update({name: told[name] for name in FILTERS if name in told})
    return narrowing.only_of(asked, told.get("currency", ""))


def understood(known: tuple[str, ...], given: Mapping[str, str], shown: Shown) -> dict[str, str]:
    """Return the parameters of a table in the one way they are written; ExportError says what is wrong."""
    for name in given:
        if name not in known:
            told = name[:64] if name.isprintable() else "?"
            words = {"name": told, "known": ", ".join(known) or "-"}
            raise ExportError(_("There is no parameter %(name)s here. There are: %(known)s.") % words)
    try:
        read = {name: PARAMETERS[name].read(text) for name, text in given.items() if text}
        only(read)
    except AddressError as error:
        raise ExportError(str(error), error.status) from None
    _agree(read, shown)
    return dict(sorted(read.items()))


def _agree(told: Mapping[str, str], shown: Shown) -> None:
    if "month" in told and ("from" in told or "to" in told):
        raise ExportError(_("Choose a month, or days with from and to."))
    if told.get("from", "") > told.get("to", "9"):
        raise ExportError(_("The day in from must lie before the day in to, which is not in."))
    if {"least", "most"} & told.keys() and "currency" not in told:
        raise ExportError(_("An amount is of a currency: choose one."))
    if "in" in told and "currency" in told:
        raise ExportError(_("Choose a currency, or all in one currency."))
    if "constant" in told and "in" not in told:
        raise ExportError(_("Constant rates are for all in one currency: choose it too."))
    if ("customer" in told) != ("connection" in told):
        raise ExportError(_("A customer is named by connection and customer together."))
    for name in ("on", "month", "day"):
        last = told.get(name, "")
        if last > shown.today.isoformat()[: len(last)]:
            raise ExportError(_("%(day)s has not come yet.") % {"day": last}, 404)


def _day(text: str) -> str:
    day = day_of(text)
    if day.year < 1970:
        raise AddressError(_("There are no figures before 1970."), 400)
    return day.isoformat()


def _month(text: str) -> str:
    try:
        return f"{parse_month(text if text.isascii() else ''):%Y-%m}"
    except ValueError:
        raise AddressError(
            _("A month is written as 2026-10: four digits, a hyphen, two digits."), 400
        ) from None


def _currency(text: str) -> str:
    if not CURRENCY.fullmatch(text):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    return text


def _word(text: str) -> str:
    if len(text) > 1_000 or not text.isprintable():
        raise AddressError(_("Write up to 1,000 printable characters."), 400)
    return text


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise AddressError(_("A connection is named by its id, as its page's address has it."), 400) from None


def _filter(name: str) -> Callable[[str], str]:
    """Read a filter as the page of movements does; amounts wait for their currency."""

    def checked(text: str) -> str:
        if name not in ("least", "most"):
            only({name: text})
        return text.strip()

    return checked


def _span(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_MONTHS):
        raise AddressError(_("A number of months is written in digits, from 1 to 1200."), 400)
    return str(int(text))


def _one_of(name: str, known: tuple[str, ...]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if text not in known:
            words = {"name": name, "known": ", ".join(known)}
            raise AddressError(_("%(name)s is one of %(known)s.") % words, 400)
        return text

    return checked


def _choice(label: "str | Promise", name: str, known: tuple[str, ...]) -> Parameter:
    return Parameter(label, _one_of(name, known), "select", known)


PARAMETERS: dict[str, Parameter] = {
    "month": Parameter(gettext_lazy("Month"), _month, "month"),
    "span": Parameter(gettext_lazy("How many months"), _span, "number"),
    "from": Parameter(gettext_lazy("First day"), _day, "date"),
    "to": Parameter(gettext_lazy("Day after the last"), _day, "date"),
    "on": Parameter(gettext_lazy("Day"), _day, "date"),
    "day": Parameter(gettext_lazy("Day"), _day, "date"),
    "currency": Parameter(gettext_lazy("Currency"), _currency),
    "in": Parameter(gettext_lazy("All in one currency"), reporting_currency),
    "constant": _choice(gettext_lazy("Constant rates"), "constant", ("1",)),
    "days": _choice(gettext_lazy("Days ahead"), "days", tuple(map(str, HORIZONS))),
    "state": _choice(gettext_lazy("State"), "state", STATES),
    "kind": _choice(gettext_lazy("Kind"), "kind", tuple(KINDS)),
    "rate": _choice(gettext_lazy("Rate"), "rate", tuple(RATES)),
    **{name: Parameter(label, _filter(name)) for name, label in FILTERS.items()},
    "window": _choice(gettext_lazy("Netted by"), "window", WINDOWS),
    "plan": Parameter(gettext_lazy("Price id"), _word),
    "why": Parameter(gettext_lazy("Reason"), _word),
    "connection": Parameter(gettext_lazy("Connection id"), _uuid),
    "customer": Parameter(gettext_lazy("Customer id"), _word),
    "diagnosis": _choice(gettext_lazy("Diagnosis"), "diagnosis", tuple(DIAGNOSES)),
    "vendor": _choice(gettext_lazy("Tool"), "vendor", tuple(VENDORS)),
    "step": _choice(gettext_lazy("Rule"), "step", tuple(WALK)),
}
