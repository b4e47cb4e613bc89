"""Everything that the page of one segment shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dashboards.arithmetic_words import formula, ignored, lines
from dashboards.definition_rows import setting_rows
from dashboards.formatting import money
from dashboards.plans import plan_label
from dashboards.rule_words import rule_words
from dashboards.timeline import inexact, moment, stripe_link
from metrics.cases import explained, segment_cases
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.evidence.arithmetic import Explanation, explain
from metrics.evidence.record import Account, Named, catalogue, past
from metrics.queries import Shown
from metrics.settings import settings

MOST = 100


@dataclass(frozen=True, slots=True)
class ObjectLink:
    """One of Stripe's objects: what it is to the segment, where we keep it and where Stripe shows it."""

    label: str
    id: str
    url: str
    stripe_url: str


def segment_page(shown: Shown, account: Account, segment: Segment, slug: str) -> dict[str, Any]:
    """Return the arithmetic of a segment and the objects behind it."""
    rows = past(shown, account.connection_id, account.customer_id)
    beside = [one for one in rows if one.subscription == segment.subscription]
    named = catalogue(shown, account.connection_id, account.customer_id, beside)
    told = explain(segment, beside, named.catalogue, shown.definition)
    links = list(_objects(account, segment, told, slug))
    return {
        "time_zone": shown.definition.time_zone,
        "segment": segment,
        "plan": plan_label(named.names, segment.price),
        "start": moment(segment.start),
        "end": None if segment.end is None else moment(segment.end),
        "mrr": money(segment.mrr_micro, segment.currency),
        "committed": money(segment.committed_micro, segment.currency),
        "excluded": rule_words(segment.excluded) if segment.excluded else "",
        "inexact": inexact(segment),
        "notes": _notes(segment, beside, named),
        "formula": formula(told) if told else "",
        "lines": lines(told) if told else [],
        "ignored": [ignored(one) for one in told.ignored] if told else [],
        "unknown_tax": told is not None and told.configuration.tax_share is None,
        "configuration": told.configuration if told else None,
        "siblings": len(told.siblings) if told else 0,
        "objects": links[:MOST],
        "more_objects": max(0, len(links) - MOST),
        "customer_url": reverse("customer", args=[slug, account.connection_id, account.customer_id]),
        "settings": setting_rows(settings(shown.definition)),
    }


def _notes(segment: Segment, beside: list[Configuration], named: Named) -> list[str]:
    """Explain the hard cases that a segment is; how it is dated the page says by itself."""
    cases = segment_cases(segment, beside, named.catalogue.prices.get(segment.price))
    return explained(code for code in cases if code != "dated_by_period")


def _objects(account: Account, segment: Segment, told: Explanation | None, slug: str) -> Iterator[ObjectLink]:
    """Yield the objects that the segment is made from, then those that show it."""
    applied = told.configuration.discounts if told else ()
    made_from = [
        (_("Subscription"), segment.subscription, ""),
        (_("Price"), segment.price, "prices"),
        (_("Product"), segment.product, "products"),
        *((_("Coupon"), one.coupon, "coupons") for one in applied),
        (_("Customer"), account.customer_id, "customers"),
    ]
    for label, name, page in made_from:
        if name:
            yield _link(account, slug, label, name, page)
    for shown in reversed(segment.evidence):
        invoice, slash, line = shown.partition("/")
        label = _("Invoice line") if slash else _("Event")
        yield _link(account, slug, label, invoice, "", line)


def _link(account: Account, slug: str, label: str, name: str, page: str, line: str = "") -> ObjectLink:
    path = reverse("object", args=[slug, account.connection_id, name])
    url = f"{path}?{urlencode({'line': line})}" if line else path
    return ObjectLink(label, f"{name} / {line}" if line else name, url, stripe_link(account, name, page))
