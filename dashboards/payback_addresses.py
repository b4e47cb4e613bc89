"""The rows behind the numbers of CAC payback: asked for by an address."""

import json
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from dashboards.cohort_addresses import month_in
from dashboards.selection import CURRENCY, AddressError
from metrics.payback.tables import LONGEST

NAMES = {"spend": "payback_spend", "customers": "payback_customers"}


@dataclass(frozen=True, slots=True)
class PaybackRows:
    """Rows of spend or customers: in a currency, of some months, of one channel or of all."""

    slug: str
    listed: str
    currency: str
    first: date
    last: date
    channel: str | None = None
    after: tuple[str, ...] = ()

    def url(self, after: tuple[str, ...] = ()) -> str:
        """Return the address of the first page, or of the rows after one."""
        asked = {"currency": self.currency, "from": f"{self.first:%Y-%m}", "to": f"{self.last:%Y-%m}"}
        asked |= {} if self.channel is None else {"channel": self.channel}
        asked |= {"after": json.dumps(after)} if after else {}
        return f"{reverse(NAMES[self.listed], args=[self.slug])}?{urlencode(asked)}"


def rows_of(slug: str, listed: str, parameters: QueryDict) -> PaybackRows:
    """Read an address; AddressError says what is wrong with it."""
    currency, first, last = (
        parameters.get("currency", ""),
        month_in(parameters, "from"),
        month_in(parameters, "to"),
    )
    if not CURRENCY.fullmatch(currency):
        raise AddressError(_("A currency is three small letters, such as eur."), 400)
    if first is None or last is None or last < first:
        raise AddressError(_("Give the months as from=2026-09 and to=2026-10."), 400)
    channel = parameters.get("channel")
    if channel is not None and (len(channel) > LONGEST or "\0" in channel):
        raise AddressError(_("A channel has at most 60 characters."), 400)
    if listed == "customers" and channel is None:
        channel = ""
    return PaybackRows(
        slug, listed, currency, first, last, channel, _after(parameters.get("after", ""), listed)
    )


def _after(text: str, listed: str) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        found = json.loads(text)
        if not all(isinstance(one, str) and one.isprintable() for one in found):
            raise ValueError
        if len(found) != (2 if listed == "spend" else 3):
            raise ValueError
        date.fromisoformat(found[0])
        if listed == "customers":
            UUID(found[1])
        return tuple(found)
    except (ValueError, TypeError, RecursionError):
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
