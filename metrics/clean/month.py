"""A month's bookings, billings and cash beside its MRR, and the invoiced amounts that spreadsheets mix in."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

from django.db.models import F, Min, QuerySet, Sum

from billing_sync.models import Charge, Refund
from billing_sync.payload import read_payload
from metrics.bridge.comparing import Place
from metrics.build import stored
from metrics.build.load import Loader
from metrics.build.rebuild import shelve
from metrics.build.write import Scope
from metrics.clean.mistakes import Item
from metrics.clean.standing import interval_amounts, months_of
from metrics.core.facts import Catalogue
from metrics.core.money import MICRO
from metrics.invoiced.models import InvoicedLine
from metrics.invoiced.queries import billed, bounds
from metrics.models import Configuration

Who = tuple[UUID, str, str]
SIGNED = ("active", "past_due", "not_started")
NET = F("amount") - F("discount") - F("tax")
TOTAL = F("amount") - F("discount")
OF_CHARGE = ("connection_id", "stripe_id", "customer_id")


@dataclass(frozen=True, slots=True)
class Billed:
    """What the month's invoices come to, in micro units of the place's currency."""

    billings: int
    paid: int
    refunded: dict[Who, int]
    fees: dict[Who, int]
    long_cash: dict[Who, int]

    @property
    def cash(self) -> int:
        """Return what was paid less what was given back."""
        return self.paid - sum(self.refunded.values())


def billed_in(where: Place, catalogues: dict[UUID, Catalogue]) -> Billed:
    """Return the month's invoiced amounts: everything is cut where the place is."""
    rows = billed(where.organization_id, where.definition, where.currency, where.month)
    charged = rows.exclude(status="void").aggregate(sum=Sum(TOTAL))["sum"] or 0
    paid = _paid(where)
    return Billed(
        int(charged) * MICRO,
        int(paid.aggregate(sum=Sum(TOTAL))["sum"] or 0) * MICRO,
        _refunded(where),
        _by_subscription(rows.filter(kind__in=("setup_fee", "one_off"), status__in=("paid", "open"))),
        _long_cash(paid, catalogues),
    )


def _paid(where: Place) -> "QuerySet[InvoicedLine]":
    start, end = bounds(where.definition, where.month)
    return InvoicedLine.objects.filter(
        organization_id=where.organization_id,
        currency=where.currency,
        billed_at__lt=end,
        paid_at__gte=start,
        paid_at__lt=end,
    )


def _by_subscription(rows: "QuerySet[InvoicedLine]") -> dict[Who, int]:
    sums = rows.values_list("connection_id", "customer_id", "subscription_id").annotate(sum=Sum(NET))
    return {(one, customer, name): int(net) * MICRO for one, customer, name, net in sums if net}


def _long_cash(paid: "QuerySet[InvoicedLine]", catalogues: dict[UUID, Catalogue]) -> dict[Who, int]:
    """Sum what was paid for plans that bill more than a month at once."""
    named = "connection_id", "customer_id", "subscription_id", "price_id"
    sums: Counter[Who] = Counter()
    for connection_id, customer, name, price_id, net in (
        paid.filter(kind="recurring").values_list(*named).annotate(sum=Sum(NET))
    ):
        known = catalogues.get(connection_id)
        price = known.prices.get(price_id) if known else None
        if price and months_of(price) > 1:
            sums[connection_id, customer, name] += int(net) * MICRO
    return dict(sums)


def _refunded(where: Place) -> dict[Who, int]:
    """Sum the month's refunds that went through, by customer; a refund's charge may know whose it is."""
    start, end = bounds(where.definition, where.month)
    found = Refund.objects.filter(
        organization_id=where.organization_id,
        connection_id__in=where.connection_ids,
        deleted_at__isnull=True,
        created_at__gte=start,
        created_at__lt=end,
    )
    told = list(found.values_list("connection_id", "customer_id", "charge_id", "payload"))
    charges = Charge.objects.filter(
        organization_id=where.organization_id, stripe_id__in=[row[2] for row in told if not row[1]]
    )
    payers = {(one, name): payer for one, name, payer in charges.values_list(*OF_CHARGE)}
    sums: Counter[Who] = Counter()
    for connection_id, customer, charge, blob in told:
        refund = read_payload(blob)
        if refund.get("currency") == where.currency and refund.get("status") in ("succeeded", None):
            payer = customer or payers.get((connection_id, charge), "")
            sums[connection_id, payer, ""] += int(refund.get("amount") or 0) * MICRO
    return dict(sums)


def added_tax(where: Place) -> dict[tuple[UUID, str], dict[Item, Fraction]]:
    """Return by payer the tax on top of each item's price, as a share of it, by the invoice of its period."""
    at = datetime.fromtimestamp(where.at, UTC)
    lines = InvoicedLine.objects.filter(
        organization_id=where.organization_id,
        currency=where.currency,
        kind="recurring",
        period_start__lt=at,
        period_end__gte=at,
    ).exclude(status="void")
    named = "connection_id", "customer_id", "subscription_id", "item_id"
    latest = lines.order_by(*named, "-billed_at").distinct(*named).values_list(*named, TOTAL, "added_tax")
    shares: dict[tuple[UUID, str], dict[Item, Fraction]] = defaultdict(dict)
    for connection_id, customer, name, item, total, added in latest:
        if added and total != added:
            shares[connection_id, customer][name, item] = Fraction(added, total - added)
    return shares


def bookings(where: Place, loaders: dict[UUID, Loader]) -> Iterator[tuple[Who, int]]:
    """Yield the subscriptions signed in the month and what one billing interval of theirs is worth.

    A trial is signed when it converts.
    """
    start, end = bounds(where.definition, where.month)
    begun = (
        Configuration.objects.filter(
            organization_id=where.organization_id,
            connection_id__in=where.connection_ids,
            currency=where.currency,
            status__in=SIGNED,
        )
        .values_list("connection_id", "customer_id", "subscription_id")
        .annotate(first=Min("from_at"))
        .filter(first__gte=start, first__lt=min(end, datetime.fromtimestamp(where.at, UTC)))
    )
    signed = {(one, customer, name): int(first.timestamp()) for one, customer, name, first in begun}
    for connection_id, loader in loaders.items():
        customers = sorted({customer for one, customer, _ in signed if one == connection_id})
        past = stored.configurations(where.organization_id, Scope(connection_id, customers))
        shelve(loader, past)
        catalogue = loader.shelf.catalogue()
        for customer, rows in past.items():
            begun_rows = [
                row for row in rows if signed.get((connection_id, customer, row.subscription)) == row.start
            ]
            amounts = interval_amounts(begun_rows, catalogue, where.definition)
            worth: Counter[str] = Counter()
            for (name, _), amount in amounts.items():
                worth[name] += round(amount * MICRO)
            yield from (((connection_id, customer, name), amount) for name, amount in worth.items() if amount)
