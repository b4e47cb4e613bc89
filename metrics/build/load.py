"""Mirrored rows of some payers, decoded into the core's facts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import zstandard
from django.db import connection
from psycopg import Cursor

from metrics.build import payloads
from metrics.build.facts import (
    Found,
    Shelf,
    coupon_fact,
    credit_note_fact,
    phase_facts,
    price_fact,
    reference,
    refund_fact,
    schedule_fact,
    state_fact,
)
from metrics.build.invoiced import Invoiced, invoiced_lines
from metrics.build.invoices import invoice_facts, pending_fact
from metrics.core import facts

Thing = TypeVar("Thing")
Unused = tuple[str, str]

WHOLE = (
    "SELECT stripe_id, payload FROM billing_sync_{table} WHERE organization_id = %s AND connection_id = %s"
)
OF_PAYERS = (
    "SELECT customer_id, stripe_id, payload, fetched_at FROM billing_sync_{table} "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id = ANY(%s) {more} ORDER BY stripe_id"
)
# An invoice that was more than a draft stays evidence, also when it is gone from Stripe.
BILLED = "AND (deleted_at IS NULL OR status <> 'draft')"
CUSTOMERS = (
    "SELECT stripe_id, stripe_id, payload, fetched_at FROM billing_sync_customer "
    "WHERE organization_id = %s AND connection_id = %s AND stripe_id = ANY(%s)"
)
EVENTS = (
    "SELECT customer_id, stripe_id, payload, type, created_at FROM billing_sync_event "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id = ANY(%s) "
    "AND (starts_with(type, 'customer.subscription.') OR starts_with(type, 'customer.discount.')) "
    "ORDER BY created_at, position NULLS FIRST, stripe_id"
)
PAYMENTS = (
    "SELECT invoice_id, stripe_id, payload FROM billing_sync_invoicepayment "
    "WHERE organization_id = %s AND connection_id = %s AND invoice_id = ANY(%s) ORDER BY stripe_id"
)
# Stripe may leave a refund's customer out: its charge knows it.
REFUNDS = (
    OF_PAYERS.format(table="refund", more="AND deleted_at IS NULL").replace(" ORDER BY stripe_id", "")
    + " UNION ALL SELECT paid.customer_id, back.stripe_id, back.payload, back.fetched_at "
    "FROM billing_sync_refund AS back JOIN billing_sync_charge AS paid "
    "ON paid.organization_id = back.organization_id AND paid.connection_id = back.connection_id "
    "AND paid.stripe_id = back.charge_id "
    "WHERE back.organization_id = %s AND back.connection_id = %s AND paid.customer_id = ANY(%s) "
    "AND back.customer_id = '' AND back.deleted_at IS NULL ORDER BY stripe_id"
)
PAYERS = (
    "SELECT customer_id FROM ({named}) AS payer WHERE customer_id <> '' ORDER BY customer_id LIMIT %(count)s"
)
NAMED_BY = (
    "(SELECT DISTINCT customer_id FROM billing_sync_{table} "
    "WHERE organization_id = %(organization)s AND connection_id = %(connection)s "
    "AND customer_id > %(after)s {until} ORDER BY customer_id LIMIT %(count)s)"
)
NAMING = ("subscription", "subscriptionschedule", "invoice", "invoiceitem", "event")


def fetch(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    """Run one statement in the transaction in progress, with binary results."""
    with connection.cursor() as django, Cursor(django.connection) as cursor:
        rows: list[tuple[Any, ...]] = cursor.execute(statement, parameters, binary=True).fetchall()
    return rows


def payers(
    organization_id: UUID, connection_id: UUID, after: str, count: int, *, last: str | None = None
) -> list[str]:
    """Return the next payers, up to `last`, in order of their ids: whoever an object of a history names."""
    bound = {"organization": organization_id, "connection": connection_id, "after": after, "count": count}
    until = "" if last is None else "AND customer_id <= %(last)s"
    bound |= {} if last is None else {"last": last}
    named = " UNION ".join(NAMED_BY.format(table=table, until=until) for table in NAMING)
    return [customer_id for (customer_id,) in fetch(PAYERS.format(named=named), bound)]


@dataclass(slots=True)
class Loaded:
    """What one payer's rows said, gathered by subscription."""

    found: Found
    present: dict[str, facts.SubscriptionState] = field(default_factory=dict)
    snapshots: dict[str, list[facts.SubscriptionState]] = field(default_factory=lambda: defaultdict(list))
    invoices: dict[str, list[facts.Invoice]] = field(default_factory=lambda: defaultdict(list))
    billed: list[payloads.Invoice] = field(default_factory=list)
    phases: dict[str, tuple[facts.Phase, ...]] = field(default_factory=dict)
    signed: list[facts.Subscription] = field(default_factory=list)
    refunds: list[facts.Refund] = field(default_factory=list)
    credit_notes: list[facts.CreditNote] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)

    def customer(self, customer_id: str) -> facts.Customer:
        """Return everything that is known of the payer."""
        names = sorted({*self.present, *self.snapshots, *self.invoices})
        subscriptions = [
            facts.Subscription(
                id=name,
                present=self.present.get(name),
                snapshots=tuple(self.snapshots.get(name, ())),
                invoices=tuple(self.invoices.get(name, ())),
                phases=self.phases.get(name, ()),
            )
            for name in names
        ]
        return facts.Customer(
            id=customer_id,
            subscriptions=(*subscriptions, *self.signed),
            discounts=self.found.discounts,
            refunds=tuple(self.refunds),
            credit_notes=tuple(self.credit_notes),
        )

    def invoiced(self) -> list[Invoiced]:
        """Return every line of the payer's opened invoices as an amount."""
        return [line for invoice in self.billed for line in invoiced_lines(invoice, self.found)]


def _ended(state: facts.SubscriptionState, at: int) -> facts.SubscriptionState:
    """Return a subscription that is gone from Stripe: it ran until that was found, unless it ended before."""
    return state if state.ended_at else replace(state, ended_at=at)


class Loader:
    """Read one connection's payers; prices and coupons are read once and kept."""

    def __init__(self, organization_id: UUID, connection_id: UUID) -> None:
        self.key = (organization_id, connection_id)
        self.shelf = Shelf()
        self._zstd = zstandard.ZstdDecompressor()
        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
        for _, price in self._whole("price", payloads.Price):
            self.shelf.prices[price.id] = price_fact(price)
        for _, coupon in self._whole("coupon", payloads.Coupon):
            self.shelf.coupons[coupon.id] = coupon_fact(coupon)

    def customers(self, ids: Sequence[str]) -> Iterator[tuple[facts.Customer, list[Unused]]]:
        """Yield each payer's facts and the objects that could not be read."""
        for customer_id, one in self.loaded(ids).items():
            yield one.customer(customer_id), one.unused

    def loaded(self, ids: Sequence[str]) -> dict[str, Loaded]:
        """Return what the rows of each payer say."""
        loaded = {customer_id: Loaded(Found(self.shelf)) for customer_id in ids}
        self._discounts(loaded)
        self._events(loaded)
        self._subscriptions(loaded)
        self._schedules(loaded)
        self._invoices(loaded)
        self._given_back(loaded)
        return loaded

    def _discounts(self, loaded: dict[str, Loaded]) -> None:
        for customer_id, _, customer, _ in self._rows(CUSTOMERS, payloads.Customer, loaded):
            if customer.discount:
                loaded[customer_id].found.add(customer.discount)

    def _events(self, loaded: dict[str, Loaded]) -> None:
        for customer_id, event_id, blob, kind, created_at in fetch(EVENTS, (*self.key, list(loaded))):
            one, at = loaded[customer_id], int(created_at.timestamp())
            if kind.startswith("customer.discount."):
                removed = self._decode(blob, payloads.Event[payloads.Discount], event_id, one)
                if removed:
                    one.found.add(removed.data.object, at if kind.endswith(".deleted") else None)
                continue
            event = self._decode(blob, payloads.Event[payloads.Subscription], event_id, one)
            shown = event and event.data.object
            if shown and not (shown.items and shown.items.has_more):
                one.snapshots[shown.id].append(state_fact(shown, at, one.found, event_id))

    def _subscriptions(self, loaded: dict[str, Loaded]) -> None:
        for gone in (False, True):
            more = f"AND deleted_at IS {'NOT ' if gone else ''}NULL"
            statement = OF_PAYERS.format(table="subscription", more=more)
            rows = self._rows(statement, payloads.Subscription, loaded)
            for customer_id, _, subscription, fetched_at in rows:
                one, at = loaded[customer_id], int(fetched_at.timestamp())
                state = state_fact(subscription, at, one.found)
                one.present[subscription.id] = _ended(state, at) if gone else state

    def _schedules(self, loaded: dict[str, Loaded]) -> None:
        statement = OF_PAYERS.format(table="subscriptionschedule", more="AND deleted_at IS NULL")
        for customer_id, _, schedule, _ in self._rows(statement, payloads.Schedule, loaded):
            one, subscription = loaded[customer_id], reference(schedule.subscription)
            signed = schedule_fact(schedule, self.shelf)
            if signed:
                one.signed.append(signed)
            if subscription:
                one.phases[subscription] = phase_facts(schedule)

    def _invoices(self, loaded: dict[str, Loaded]) -> None:
        statement = OF_PAYERS.format(table="invoice", more=BILLED)
        rows = list(self._rows(statement, payloads.Invoice, loaded))
        payments = self._payments([invoice.id for _, _, invoice, _ in rows])
        for customer_id, _, invoice, _ in rows:
            one = loaded[customer_id]
            one.billed.append(invoice)
            pieces = invoice_facts(invoice, tuple(payments[invoice.id]), one.found, one.unused)
            for subscription, piece in pieces.items():
                one.invoices[subscription].append(piece)
        statement = OF_PAYERS.format(table="invoiceitem", more="AND deleted_at IS NULL")
        for customer_id, _, item, _ in self._rows(statement, payloads.InvoiceItem, loaded):
            pending = pending_fact(item, loaded[customer_id].found)
            if pending:
                loaded[customer_id].invoices[pending[0]].append(pending[1])

    def _payments(self, invoice_ids: list[str]) -> dict[str, list[str]]:
        made: dict[str, list[str]] = defaultdict(list)
        for invoice_id, payment_id, blob in fetch(PAYMENTS, (*self.key, invoice_ids)):
            payment = self._decode(blob, payloads.InvoicePayment, payment_id, None)
            if payment and payment.payment:
                named = (reference(payment.payment.payment_intent), reference(payment.payment.charge))
                made[invoice_id] += [name for name in named if name]
        return made

    def _given_back(self, loaded: dict[str, Loaded]) -> None:
        for customer_id, _, refund, _ in self._rows(REFUNDS, payloads.Refund, loaded, times=2):
            loaded[customer_id].refunds.append(refund_fact(refund))
        statement = OF_PAYERS.format(table="creditnote", more="AND deleted_at IS NULL")
        for customer_id, _, note, _ in self._rows(statement, payloads.CreditNote, loaded):
            loaded[customer_id].credit_notes.append(credit_note_fact(note))

    def _rows(
        self, statement: str, kind: type[Thing], loaded: dict[str, Loaded], *, times: int = 1
    ) -> Iterator[tuple[str, str, Thing, Any]]:
        for customer_id, stripe_id, blob, fetched_at in fetch(statement, (*self.key, list(loaded)) * times):
            thing = self._decode(blob, kind, stripe_id, loaded[customer_id])
            if thing is not None:
                yield customer_id, stripe_id, thing, fetched_at

    def _whole(self, table: str, kind: type[Thing]) -> Iterator[tuple[str, Thing]]:
        for stripe_id, blob in fetch(WHOLE.format(table=table), self.key):
            thing = self._decode(blob, kind, stripe_id, None)
            if thing is not None:
                yield stripe_id, thing

    def _decode(self, blob: bytes, kind: type[Thing], stripe_id: str, one: Loaded | None) -> Thing | None:
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = msgspec.json.Decoder(kind, strict=False)
        try:
            thing: Thing = decoder.decode(self._zstd.decompress(blob))
        except msgspec.ValidationError as error:
            if one is not None:
                one.unused.append((stripe_id, f"unreadable: {error}"[:255]))
            return None
        return thing
