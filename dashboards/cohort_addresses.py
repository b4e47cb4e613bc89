"""What a page of cohorts shows, and which customers a cell: read from an address, written into links."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Organization
from dashboards.addresses import SEPARATOR
from dashboards.selection import AddressError, select
from metrics.cohorts.reading import COUNTS, DIMENSIONS, Chosen, Key
from metrics.cohorts.table import MEASURES
from metrics.months import Months
from metrics.periods import month_of, parse_month, shift

SPANS = (12, 24, 36)
EARLIEST = date(1970, 1, 1)
# Beyond any customer's age: what is held now.
NOW, EVER = "now", 1_200


@dataclass(frozen=True, slots=True)
class Cohorts:
    """A page: what groups customers, what is measured, and how many months of it."""

    slug: str
    currency: str
    by: str
    measure: str
    span: int

    def url(self, page: str = "cohorts") -> str:
        """Return the address of the same, as a page or as a file."""
        asked = {"currency": self.currency, "by": self.by, "measure": self.measure, "span": self.span}
        return f"{reverse(page, args=[self.slug])}?{urlencode(asked)}"

    def members(
        self, *, value: str | None = None, first: date | None = None, last: date | None = None
    ) -> str:
        """Return the address of a group's customers, which a measure and an age complete."""
        asked = {"currency": self.currency, "by": self.by}
        asked |= {"value": value} if value is not None else {}
        asked |= {"from": f"{first:%Y-%m}"} if first else {}
        asked |= {"to": f"{last:%Y-%m}"} if last else {}
        return f"{reverse('cohort_members', args=[self.slug])}?{urlencode(asked)}"


@dataclass(frozen=True, slots=True)
class Members:
    """A page of a cell's customers, and where it begins."""

    chosen: Chosen
    page: Cohorts
    age: str
    after: Key | None

    def url(self, after: Key | None = None) -> str:
        """Return the address of the first page, or of the rows after one."""
        one = self.chosen
        first = one.first if one.first != EARLIEST else None
        url = self.page.members(value=one.value, first=first, last=one.last)
        url += f"&measure={one.measure}&age={self.age}"
        return f"{url}&{urlencode({'after': SEPARATOR.join(map(str, after))})}" if after else url


def cohorts_of(organization: Organization, parameters: QueryDict, months: Months) -> Cohorts:
    """Read the address of a page of cohorts; AddressError says what is wrong."""
    by = one_of(parameters, "by", DIMENSIONS)
    measure = one_of(parameters, "measure", MEASURES)
    span = one_of(parameters, "span", tuple(map(str, SPANS)))
    return Cohorts(organization.slug, currency_of(organization, parameters, months), by, measure, int(span))


def members_of(organization: Organization, parameters: QueryDict, months: Months) -> Members:
    """Read the address of a cell's customers; AddressError says what is wrong."""
    by, measure = one_of(parameters, "by", DIMENSIONS), one_of(parameters, "measure", tuple(COUNTS))
    currency, age = currency_of(organization, parameters, months), parameters.get("age", "0")
    if age != NOW and not (age.isascii() and age.isdigit() and len(age) < 4):
        raise AddressError(_("age is a number of months, such as 3, or now."), 400)
    present, number = month_of(months.today), EVER if age == NOW else int(age)
    reached = present if age == NOW else shift(present, -number)
    first, last = (month_in(parameters, name) for name in ("from", "to"))
    value = parameters.get("value")
    if value is not None and (by == "month" or len(value) > 255 or not (value.isprintable() or not value)):
        raise AddressError(_("value is a plan's price or a country, of cohorts by plan or by country."), 400)
    last = min(last or reached, reached)
    chosen = Chosen(currency, by, value, first or EARLIEST, last, number, measure)
    shown = measure if measure in MEASURES else MEASURES[0]
    page = Cohorts(organization.slug, currency, by, shown, SPANS[0])
    return Members(chosen, page, age, _after(parameters.get("after", "")))


def one_of(parameters: QueryDict, name: str, known: tuple[str, ...]) -> str:
    """Return one of the words that an address knows, the first where it has none."""
    text = parameters.get(name, "") or known[0]
    if text not in known:
        raise AddressError(
            _("%(name)s is one of %(known)s.") % {"name": name, "known": ", ".join(known)}, 400
        )
    return text


def currency_of(organization: Organization, parameters: QueryDict, months: Months) -> str:
    """Return the currency of an address, else the organization's own or the largest."""
    asked = QueryDict(mutable=True)
    asked["currency"] = parameters.get("currency", "")
    return select(organization, asked, months).currency


def month_in(parameters: QueryDict, name: str) -> date | None:
    """Return a month that an address may tell."""
    text = parameters.get(name, "")
    try:
        return parse_month(text if text.isascii() else "-") if text else None
    except ValueError:
        raise AddressError(
            _("A month is written as 2026-10: four digits, a hyphen, two digits."), 400
        ) from None


def _after(text: str) -> Key | None:
    if not text:
        return None
    try:
        connection_id, customer_id = text.split(SEPARATOR, 1) if text.isprintable() else ("", "")
        return UUID(connection_id), customer_id
    except ValueError:
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
