"""One customer as the build on show has it: segments, what they moved, and the history beneath."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db.models import OuterRef, QuerySet, Subquery

from billing_sync.models import Connection, Coupon, Customer, Mirrored, Payer, Price, Product
from billing_sync.payload import unpacked
from metrics.build import payloads
from metrics.build.facts import coupon_fact, price_fact
from metrics.build.load import Loader
from metrics.build.stored import configurations
from metrics.build.tally import Cut
from metrics.build.write import Scope
from metrics.core.facts import Catalogue
from metrics.core.history import Configuration
from metrics.core.ledger import Segment
from metrics.core.movements import Movement, movements, steps
from metrics.invoiced.models import InvoicedLine
from metrics.models import Segment as Row
from metrics.queries import Shown, current

Thing = TypeVar("Thing")
Stored = TypeVar("Stored", bound=Mirrored)


@dataclass(frozen=True, slots=True)
class Account:
    """The Stripe account that a customer belongs to, and the customer's name where it is known."""

    connection_id: UUID
    customer_id: str
    name: str
    account_name: str
    livemode: bool | None
    at_stripe: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """One customer's segments as stored, and the movements by day that they make until now."""

    segments: tuple[Segment, ...]
    movements: tuple[Movement, ...]

    def balances(self, at: int) -> dict[str, int]:
        """Return the MRR of each currency at an instant."""
        held: dict[str, int] = {}
        for one in self.segments:
            if one.start <= at and (one.end is None or at < one.end):
                held[one.currency] = held.get(one.currency, 0) + one.mrr_micro
        return held


@dataclass(frozen=True, slots=True)
class Named:
    """A catalogue, and the names of its prices' products and of the prices themselves."""

    catalogue: Catalogue
    names: dict[str, tuple[str, str]]


def account(shown: Shown, connection_id: UUID, customer_id: str) -> Account | None:
    """Return whose customer it is; None where the account is not summed."""
    if connection_id not in shown.connection_ids:
        return None
    payer = Payer.objects.filter(
        organization_id=shown.organization_id, connection_id=OuterRef("id"), customer_id=customer_id
    )
    found = (
        Connection.objects.filter(organization_id=shown.organization_id, id=connection_id)
        .annotate(
            payer_name=Subquery(payer.values("name")[:1]), payer_email=Subquery(payer.values("email")[:1])
        )
        .first()
    )
    if found is None:
        return None
    name = found.payer_name or found.payer_email or customer_id
    at_stripe = found.kind != Connection.Kind.ARCHIVE
    return Account(connection_id, customer_id, name, found.name, found.livemode, at_stripe)


def is_known(shown: Shown, connection_id: UUID, customer_id: str) -> bool:
    """Say whether a customer was ever seen or billed, even without a subscription."""
    mine = {"organization_id": shown.organization_id, "connection_id": connection_id}
    if Customer.objects.filter(**mine, stripe_id=customer_id).exists():
        return True
    return InvoicedLine.objects.filter(**mine, customer_id=customer_id).exists()


def ledger(shown: Shown, connection_id: UUID, customer_id: str) -> Ledger:
    """Return a customer's segments by item and time; without any where the customer never had an item."""
    rows = current(
        Row.objects.filter(connection_id=connection_id, customer_id=customer_id), shown.organization_id
    )
    segments = tuple(_segment(row) for row in rows.order_by("subscription_id", "item_id", "from_at"))
    computed_at = shown.freshness.computed_at
    if computed_at is None:
        return Ledger((), ())
    cut = Cut.of(shown.definition, computed_at)
    return Ledger(segments, movements(steps(cut.until_now(segments)), cut.days()))


def past(shown: Shown, connection_id: UUID, customer_id: str) -> list[Configuration]:
    """Return a customer's stored history."""
    scope = Scope(connection_id, [customer_id])
    return configurations(shown.organization_id, scope).get(customer_id, [])


def catalogue(shown: Shown, connection_id: UUID, customer_id: str, rows: list[Configuration]) -> Named:
    """Return the prices and coupons of a history; those that only payloads embed are read from these."""
    wanted = {one.price for one in rows}
    laid = {applied.coupon for one in rows for applied in one.discounts}
    known = priced(shown, connection_id, wanted)
    coupons = {}
    if laid:
        for stored in _of(Coupon.objects.all(), shown, connection_id, laid):
            coupons[stored.stripe_id] = coupon_fact(_decoded(stored.payload, payloads.Coupon))
    if wanted - known.catalogue.prices.keys() or laid - coupons.keys():
        return Named(embedded(shown.organization_id, connection_id, [customer_id]), known.names)
    return Named(Catalogue(known.catalogue.prices, coupons), known.names)


def priced(shown: Shown, connection_id: UUID, ids: set[str]) -> Named:
    """Return prices that are stored themselves, with their names, empty where Stripe gave none."""
    product = Product.objects.filter(
        organization_id=shown.organization_id,
        connection_id=OuterRef("connection_id"),
        stripe_id=OuterRef("product_id"),
    )
    held = _of(Price.objects.all(), shown, connection_id, ids).annotate(
        product_name=Subquery(product.values("name")[:1])
    )
    names, prices = {}, {}
    for found in held:
        prices[found.stripe_id] = price_fact(_decoded(found.payload, payloads.Price))
        names[found.stripe_id] = found.product_name or "", found.nickname
    return Named(Catalogue(prices, {}), names)


def embedded(organization_id: UUID, connection_id: UUID, customers: list[str]) -> Catalogue:
    """Return a connection's whole catalogue and what some customers' own objects embed of it."""
    loader = Loader(organization_id, connection_id)
    for _ in loader.customers(customers):
        pass
    return loader.shelf.catalogue()


def _of(rows: "QuerySet[Stored]", shown: Shown, connection_id: UUID, ids: set[str]) -> "QuerySet[Stored]":
    return rows.filter(organization_id=shown.organization_id, connection_id=connection_id, stripe_id__in=ids)


def _decoded(blob: bytes | memoryview, kind: type[Thing]) -> Thing:
    return msgspec.json.decode(unpacked(blob), type=kind, strict=False)


def _segment(row: Row) -> Segment:
    return Segment(
        subscription=row.subscription_id,
        item=row.item_id,
        start=int(row.from_at.timestamp()),
        end=None if row.to_at is None else int(row.to_at.timestamp()),
        currency=row.currency,
        price=row.price_id,
        product=row.product_id,
        interval=row.interval,
        quantity=row.quantity,
        mrr_micro=row.mrr_micro,
        committed_micro=row.committed_micro,
        contracted=row.contracted,
        excluded=row.excluded,
        discounts=tuple(row.discounts),
        cancellation=row.cancellation,
        evidence=tuple(row.evidence),
        start_exact=row.start_exact,
        end_exact=row.end_exact,
    )


def plan_name(organization_id: UUID, price_id: str) -> str:
    """Return a price's own name, else its product's, else its id."""
    product = Product.objects.filter(
        organization_id=organization_id,
        connection_id=OuterRef("connection_id"),
        stripe_id=OuterRef("product_id"),
    )
    found = (
        Price.objects.filter(organization_id=organization_id, stripe_id=price_id)
        .annotate(product_name=Subquery(product.values("name")[:1]))
        .order_by("connection_id")
        .first()
    )
    return (found and (found.nickname or found.product_name)) or price_id
