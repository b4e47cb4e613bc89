"""Mirrored rows of some payers, decoded into the core's facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from psycopg import Cursor

from metrics.build import payloads
from metrics.build.decoding import Unused, coupon, decoded, price
from metrics.build.facts import (
    Found,
    Shelf,
    credit_note_fact,
    phase_facts,
    reference,
    refund_fact,
    schedule_fact,
    state_fact,
)
from metrics.build.invoiced import Invoiced, invoiced_lines
from metrics.build.invoices import invoice_facts, pending_fact
from metrics.build.mirrored import Asked, Kind, Mirrored
from metrics.build.pipeline import Road, ask, together
from metrics.core import facts

CATALOGUE = (
    "SELECT {price}, stripe_id, payload FROM billing_sync_price "
    "WHERE organization_id = %s AND connection_id = %s {some} "
    "UNION ALL SELECT {coupon}, stripe_id, payload FROM billing_sync_coupon "
    "WHERE organization_id = %s AND connection_id = %s {some}"
)
WHOLE, SOME = (
    CATALOGUE.format(some=some, price=Kind.PRICE.value, coupon=Kind.COUPON.value)
    for some in ("", "AND stripe_id = ANY(%s)")
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
    payments: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    billed: list[payloads.Invoice] = field(default_factory=list)
    schedules: list[payloads.Schedule] = field(default_factory=list)
    phases: dict[str, tuple[facts.Phase, ...]] = field(default_factory=dict)
    signed: list[facts.Subscription] = field(default_factory=list)
    refunds: list[facts.Refund] = field(default_factory=list)
    credit_notes: list[facts.CreditNote] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    discount: str | None = None
    fetched_at: int | None = None

    def profile(self, row: Mirrored, customer: payloads.Customer) -> None:
        """Take in what the customer's own object tells."""
        self.fetched_at = row.at or None
        if customer.discount:
            self.found.add(customer.discount)
            self.discount = customer.discount.id

    def event(self, row: Mirrored, event: Any) -> None:
        """Take in what a logged event shows of a discount or a subscription."""
        shown = event.data.object
        if isinstance(shown, payloads.Discount):
            self.found.add(shown, row.at if row.word.endswith(".deleted") else None)
        elif not (shown.items and shown.items.has_more):
            self.snapshots[shown.id].append(state_fact(shown, row.at, self.found, row.stripe_id))

    def subscription(self, row: Mirrored, subscription: payloads.Subscription) -> None:
        """Take in a subscription as it was last fetched."""
        state = state_fact(subscription, row.at, self.found)
        gone = row.kind == Kind.ENDED_SUBSCRIPTION
        self.present[subscription.id] = _ended(state, row.at) if gone else state

    def payment(self, row: Mirrored, payment: payloads.InvoicePayment) -> None:
        """Take in what paid an invoice."""
        if payment.payment:
            named = (reference(payment.payment.payment_intent), reference(payment.payment.charge))
            self.payments[row.word] += [name for name in named if name]

    def invoice(self, row: Mirrored, invoice: payloads.Invoice) -> None:
        """Take in an invoice as each of its subscriptions sees it."""
        self.billed.append(invoice)
        payments = tuple(self.payments.get(invoice.id, ()))
        for subscription, piece in invoice_facts(invoice, payments, self.found, self.unused).items():
            self.invoices[subscription].append(piece)

    def invoice_item(self, row: Mirrored, item: payloads.InvoiceItem) -> None:
        """Take in an amount that waits for an invoice."""
        pending = pending_fact(item, self.found)
        if pending:
            self.invoices[pending[0]].append(pending[1])

    def refund(self, row: Mirrored, refund: payloads.Refund) -> None:
        """Take in what was given back."""
        self.refunds.append(refund_fact(refund))

    def credit_note(self, row: Mirrored, note: payloads.CreditNote) -> None:
        """Take in a credit note."""
        self.credit_notes.append(credit_note_fact(note))

    def schedule(self, row: Mirrored, schedule: payloads.Schedule) -> None:
        """Keep a schedule until the prices that it names are known."""
        self.schedules.append(schedule)

    def follow(self, schedule: payloads.Schedule, shelf: Shelf) -> None:
        """Take in what a schedule signed, or set on its subscription."""
        signed, subscription = schedule_fact(schedule, shelf), reference(schedule.subscription)
        if signed:
            self.signed.append(signed)
        if subscription:
            self.phases[subscription] = phase_facts(schedule)

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
            discount=self.discount,
            fetched_at=self.fetched_at,
        )

    def invoiced(self) -> list[Invoiced]:
        """Return every line of the payer's opened invoices as an amount."""
        return [line for invoice in self.billed for line in invoiced_lines(invoice, self.found)]


def _ended(state: facts.SubscriptionState, at: int) -> facts.SubscriptionState:
    """Return a subscription that is gone from Stripe: it ran until that was found, unless it ended before."""
    return state if state.ended_at else state._replace(ended_at=at)


# What takes in each kind of row.
TAKEN: Mapping[int, Callable[[Loaded, Mirrored, Any], None]] = {
    Kind.CUSTOMER: Loaded.profile,
    Kind.EVENT: Loaded.event,
    Kind.SUBSCRIPTION: Loaded.subscription,
    Kind.ENDED_SUBSCRIPTION: Loaded.subscription,
    Kind.PAYMENT: Loaded.payment,
    Kind.INVOICE: Loaded.invoice,
    Kind.INVOICE_ITEM: Loaded.invoice_item,
    Kind.SCHEDULE: Loaded.schedule,
    Kind.REFUND: Loaded.refund,
    Kind.CREDIT_NOTE: Loaded.credit_note,
}


class Loader:
    """Read one connection's payers; its prices and coupons are read once and kept.

    All of them beforehand, or with `whole` false those that the payers' objects name, as they come.
    """

    def __init__(self, organization_id: UUID, connection_id: UUID, *, whole: bool = True) -> None:
        self.key = (organization_id, connection_id)
        self.shelf = Shelf()
        self._whole = whole
        self._asked: Asked | None = None
        if whole:
            self._shelve(fetch(WHOLE, self.key * 2))

    def ask(self, ids: Sequence[str], road: Road) -> None:
        """Ask for the rows of the payers who are loaded next."""
        self._asked = Asked(*self.key, ids, road, priced=not self._whole)

    def customers(self, ids: Sequence[str]) -> Iterator[tuple[facts.Customer, list[Unused]]]:
        """Yield each payer's facts and the objects that could not be read."""
        for customer_id, one in self.loaded(ids):
            yield one.customer(customer_id), one.unused

    def loaded(self, ids: Sequence[str]) -> Iterator[tuple[str, Loaded]]:
        """Yield what the rows of each payer say, one payer after another: little is in memory at a time."""
        if self._asked is None or self._asked.names != ids:
            with together() as road:
                self.ask(ids, road)
        asked, self._asked = self._asked, None
        assert asked is not None
        rows = asked.rows()
        of_nobody = rows.pop("", [])
        used = [row for row in of_nobody if row.kind in (Kind.PRICE, Kind.COUPON)]
        self._shelve([(row.kind, row.stripe_id, row.payload) for row in used])
        # Payments are known by their invoices; nobody is told of one that cannot be read.
        anyone = Loaded(Found(self.shelf))
        self._take(anyone, [row for row in of_nobody if row.kind == Kind.PAYMENT])
        for name in ids:
            one = Loaded(Found(self.shelf), payments=anyone.payments)
            self._take(one, rows.pop(name, ()))
            yield name, one

    def _take(self, one: Loaded, rows: Iterable[Mirrored]) -> None:
        """Take in rows in the order given, and at last, with the prices that they name, the schedules."""
        for row in rows:
            thing = decoded(row, one.unused)
            if thing is not None:
                TAKEN[row.kind](one, row, thing)
        if not self._whole:
            self._shelve_rest(one.schedules)
        for schedule in one.schedules:
            one.follow(schedule, self.shelf)

    def _shelve_rest(self, schedules: Iterable[payloads.Schedule]) -> None:
        """Bring what else was named onto the shelf; what is mirrored goes before what payloads embed."""
        for schedule in schedules:
            for item in (item for phase in schedule.phases or () for item in phase.items or ()):
                self.shelf.price_id(item.price)
        prices, coupons = self.shelf.unread()
        if prices or coupons:
            self._shelve(ask(SOME, (*self.key, prices, *self.key, coupons)))

    def _shelve(self, catalogue: Iterable[Sequence[Any]]) -> None:
        for kind, name, blob in catalogue:
            self.shelf.seek(name)
            # Nobody is told of one that cannot be read.
            with suppress(msgspec.ValidationError):
                if kind == Kind.PRICE:
                    found = price(blob)
                    self.shelf.prices[found.id] = found
                else:
                    laid = coupon(blob)
                    self.shelf.coupons[laid.id] = laid
