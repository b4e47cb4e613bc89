"""The filters of the list of customers: read from an address, offered by a form, told as chips."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboards import narrowing
from dashboards.addresses import SEPARATOR, Customers, one_of, plan_of
from dashboards.buckets import Span
from dashboards.plans import plan_label
from dashboards.selection import AddressError, Choice
from metrics.evidence.held import is_present
from metrics.evidence.present import COUNTED, ORDERS, STATUSES, Chosen, Key
from metrics.evidence.sizes import TOPS
from metrics.exposure.diagnoses import CANCELING, PAST_DUE
from metrics.months import Months
from metrics.queries import PlanShare, Shown

NAMES = ("status", "plan", "bucket", "country", "text")
STATUS_WORDS: "dict[str, str | Promise]" = {
    "active": gettext_lazy("Active"),
    PAST_DUE: gettext_lazy("Past due"),
    CANCELING: gettext_lazy("Canceling"),
}
ORDER_WORDS: "dict[str, str | Promise]" = {
    "largest": gettext_lazy("Largest first"),
    "smallest": gettext_lazy("Smallest first"),
    "oldest": gettext_lazy("Longest first"),
    "newest": gettext_lazy("Newest first"),
}
FIGURES = ("mrr", "arr")
MOST_PLANS = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of who holds MRR now: the figure, who is chosen, of which size, and where the page begins."""

    currency: str
    figure: str
    chosen: Chosen
    bucket: int | None = None
    top: int | None = None
    after: Key | None = None

    def asked(self) -> dict[str, str]:
        """Return how an address tells all but the place in the list."""
        chosen = self.chosen
        told = {
            "figure": self.figure if self.figure != "mrr" else "",
            "sort": chosen.order if chosen.order != "largest" else "",
            "top": str(self.top) if self.top else "",
            "status": chosen.status,
            "plan": chosen.plan,
            "bucket": "" if self.bucket is None else str(self.bucket),
            "country": chosen.country,
            "text": chosen.text,
        }
        return {"currency": self.currency} | {name: value for name, value in told.items() if value}

    def url(self, **other: str) -> str:
        """Return the address of the first page with something else chosen."""
        asked = {name: value for name, value in (self.asked() | other).items() if value}
        return f"?{urlencode(asked)}"

    def without(self, *names: str) -> str:
        """Return the address of what less narrows."""
        return self.url(**dict.fromkeys(names, ""))

    def beyond(self, key: Key) -> str:
        """Return the address of the rows after one."""
        return self.url(after=SEPARATOR.join(map(str, key)))


def is_listed(shown: Shown, months: Months, wanted: Customers, parameters: QueryDict) -> bool:
    """Say whether an address shows who holds MRR now; AddressError where it asks that of the past."""
    asked = [name for name in (*NAMES, "sort", "top") if name != "plan" and parameters.get(name)]
    balance = wanted.balance
    if balance.figure in FIGURES and is_present(shown, balance.on):
        if asked or not balance.plan:
            return True
        # One plan's customers stand in the order of its index where they are too many to sort.
        return months.last(1, balance.currency)[0].customers_end <= COUNTED
    if asked:
        words = {"names": ", ".join(asked)}
        message = _("%(names)s: known of MRR and ARR as they stand today. Leave out the day and the figure.")
        raise AddressError(message % words, 400)
    return False


def listed_of(parameters: QueryDict, currency: str, spans: list[Span] | None) -> Listed:
    """Read the address of the list; `spans` are the sizes, None where no rate tells them."""
    figure = one_of(parameters.get("figure", ""), FIGURES, "figure") or "mrr"
    order = one_of(parameters.get("sort", ""), tuple(ORDERS), "sort") or "largest"
    top = one_of(parameters.get("top", ""), tuple(map(str, TOPS)), "top")
    bucket = _bucket(parameters.get("bucket", ""), spans)
    chosen = Chosen(
        currency,
        plan_of(parameters.get("plan", "")),
        one_of(parameters.get("status", ""), STATUSES, "status"),
        spans[bucket].low if spans and bucket is not None else None,
        spans[bucket].high if spans and bucket is not None else None,
        narrowing.country_of(parameters.get("country", "")),
        narrowing.text_of(parameters.get("text", "")),
        order,
    )
    if top and (chosen.narrows or bucket is not None or order != "largest"):
        raise AddressError(
            _("The largest customers are those of all: leave top or the other filters out."), 400
        )
    listed = Listed(currency, figure, chosen, bucket, int(top) if top else None)
    return replace(listed, after=_after(parameters.get("after", ""), order))


def filters(wanted: Listed, plans: list[PlanShare], spans: list[Span], known: list[str]) -> dict[str, Any]:
    """Return the form and the chips; `known` are the countries in which there are customers."""
    chosen, names = wanted.chosen, {one.price_id: (one.product_name, one.price_name) for one in plans}
    chips = narrowing.chips(_told(wanted, names, spans), wanted.without)
    sizes = [
        Choice(str(place), span.bucket.name, chosen=place == wanted.bucket)
        for place, span in enumerate(spans)
    ]
    return {
        "chips": chips,
        "clear_url": wanted.without(*NAMES, "top"),
        "kept": {name: value for name, value in wanted.asked().items() if name in ("currency", "figure")},
        "text": chosen.text,
        "status_options": narrowing.options(STATUSES, lambda one: str(STATUS_WORDS[one]), chosen.status),
        "plan_options": narrowing.options(
            [one.price_id for one in plans[:MOST_PLANS]], lambda one: plan_label(names, one), chosen.plan
        ),
        "bucket_options": sizes,
        "country_options": narrowing.options(known, narrowing.country_name, chosen.country),
        "sort_options": narrowing.options(ORDERS, lambda one: str(ORDER_WORDS[one]), chosen.order),
    }


def _told(wanted: Listed, names: dict[str, tuple[str, str]], spans: list[Span]) -> dict[str, str]:
    chosen, place = wanted.chosen, wanted.bucket
    plan = _("Plan: %(name)s") % {"name": plan_label(names, chosen.plan)} if chosen.plan else ""
    return {
        "status": str(STATUS_WORDS[chosen.status]) if chosen.status else "",
        "plan": plan,
        "bucket": spans[place].bucket.name if place is not None else "",
        "country": narrowing.country_name(chosen.country) if chosen.country else "",
        "text": _("Begins with “%(text)s”") % {"text": chosen.text} if chosen.text else "",
        "top": _largest(wanted.top) if wanted.top else "",
    }


def _largest(count: int) -> str:
    return ngettext("The largest customer", "The largest %(count)s customers", count) % {"count": count}


def _bucket(text: str, spans: list[Span] | None) -> int | None:
    if not text:
        return None
    if spans is None:
        raise AddressError(_("No exchange rate tells the sizes of customers in this currency."), 400)
    if text not in map(str, range(len(spans))):
        words = {"most": len(spans) - 1}
        raise AddressError(_("bucket is the number of a size, from 0 to %(most)s.") % words, 400)
    return int(text)


def _after(text: str, order: str) -> Key | None:
    if not text:
        return None
    try:
        value, connection_id, customer_id = text.split(SEPARATOR, 2) if text.isprintable() else ("", "", "")
        number = int(value) if len(value) <= 20 else 0
        if ORDERS[order][0] == "since":
            date.fromordinal(number)
        return number, UUID(connection_id), customer_id
    except (ValueError, OverflowError):
        message = _("This is no place in the list. Open its first page and go on from there.")
        raise AddressError(message, 400) from None
