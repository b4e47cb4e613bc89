"""An invented account decoded into the core's facts, without a database between."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from billing_sync.sandbox.company import Company
from billing_sync.sandbox.life import DAY
from billing_sync.sandbox.objects import build
from billing_sync.sandbox.objects.catalog import coupon_extra, price_extra
from billing_sync.sandbox.objects.invoices import line_item
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
from metrics.build.invoices import invoice_facts, pending_fact
from metrics.build.load import Loaded
from metrics.build.mirrored import Kind, Mirrored
from metrics.core.facts import Customer

Thing = TypeVar("Thing")
EVERYTHING = 2**53


class Decoded:
    """One company as a connection shows it, with the events of some last days.

    Coupons that are deleted are in no list, but stay embedded in the discounts that were made of them.
    """

    def __init__(
        self, company: Company, event_days: int = EVERYTHING, *, coupons_deleted: bool = False
    ) -> None:
        self.company = company
        self.coupons_deleted = coupons_deleted
        self.shelf = Shelf()
        self.events_since = company.now - min(event_days * DAY, company.now)
        for price in company.book.all("price"):
            extra = {name: price_extra(price, name) for name in ("tiers", "currency_options")}
            self.shelf.prices[price.id] = price_fact(
                _read(payloads.Price, {**build("price", price, False), **extra})
            )
        for coupon in () if coupons_deleted else company.book.all("coupon"):
            extra = {"applies_to": coupon_extra(coupon, "applies_to")}
            self.shelf.coupons[coupon.id] = coupon_fact(
                _read(payloads.Coupon, {**build("coupon", coupon, False), **extra})
            )
        self.payments: dict[str, list[str]] = defaultdict(list)
        for intent in company.book.all("invoice_payment"):
            payment = _read(payloads.InvoicePayment, build("invoice_payment", intent, False)).payment
            if payment:
                named = (reference(payment.payment_intent), reference(payment.charge))
                self.payments[intent.invoice] += [name for name in named if name]
        self.events: dict[str, list[Any]] = defaultdict(list)
        for event in company.book.all("event"):
            told = event.type.startswith(("customer.subscription.", "customer.discount."))
            if told and event.created >= self.events_since:
                self.events[event.after.customer].append(event)

    def customers(self) -> Iterator[Customer]:
        """Yield the facts of every customer."""
        for life in self.company.lives:
            yield self.loaded(life.customer.id).customer(life.customer.id)

    def loaded(self, name: str) -> Loaded:
        """Return what one customer's objects say."""
        one = Loaded(Found(self.shelf))
        held = self.company.book.get("customer", name)
        if held is not None and not held.deleted:
            row = Mirrored(Kind.CUSTOMER, name, name, b"", self.company.now, "", 0)
            one.profile(row, _read(payloads.Customer, build("customer", held, False)))
        for event in self.events[name]:
            if event.kind == "discount":
                held = _read(payloads.Discount, self._discount(event.after))
                one.found.add(held, event.created if event.type.endswith(".deleted") else None)
                continue
            shown = _read(payloads.Event[payloads.Subscription], build("event", event, False)).data.object
            one.snapshots[shown.id].append(state_fact(shown, event.created, one.found, event.id))
        for record in self._records("subscription", name):
            value = build("subscription", record, False)
            value["discounts"] = [self._discount(held) for held in record.discounts]
            for shown_item, item in zip(value["items"]["data"], record.items, strict=True):
                shown_item["discounts"] = [self._discount(held) for held in item.discounts]
            one.present[record.id] = state_fact(
                _read(payloads.Subscription, value), self.company.now, one.found
            )
        for record in self._records("subscription_schedule", name):
            schedule = _read(payloads.Schedule, build("subscription_schedule", record, False))
            subscription, signed = reference(schedule.subscription), schedule_fact(schedule, self.shelf)
            if signed:
                one.signed.append(signed)
            if subscription:
                one.phases[subscription] = phase_facts(schedule)
        self._billed(name, one)
        return one

    def _billed(self, name: str, one: Loaded) -> None:
        for record in self._records("invoice", name):
            value = build("invoice", record, False)
            value["lines"] = {"data": [self._line(line) for line in record.lines]}
            value["discounts"] = [self._discount(held) for held in record.discounts]
            payments = tuple(self.payments[record.id])
            invoice = _read(payloads.Invoice, value)
            one.billed.append(invoice)
            pieces = invoice_facts(invoice, payments, one.found, one.unused)
            for subscription, piece in pieces.items():
                one.invoices[subscription].append(piece)
        for record in self._records("invoiceitem", name):
            pending = pending_fact(
                _read(payloads.InvoiceItem, build("invoiceitem", record, False)), one.found
            )
            if pending:
                one.invoices[pending[0]].append(pending[1])
        for record in self._records("refund", name):
            one.refunds.append(refund_fact(_read(payloads.Refund, build("refund", record, False))))
        for record in self._records("credit_note", name):
            one.credit_notes.append(
                credit_note_fact(_read(payloads.CreditNote, build("credit_note", record, False)))
            )

    def _line(self, line: Any) -> Any:
        """Return a line as an invoice shows it when its discounts are asked for."""
        held = [self.company.book.get("discount", name) for name, _ in line.discount_amounts]
        return {**line_item(line, False), "discounts": [self._discount(one) for one in held]}

    def _discount(self, held: Any) -> Any:
        value = build("discount", held, False)
        if self.coupons_deleted:
            extra = {"applies_to": coupon_extra(held.coupon, "applies_to")}
            whole = {**build("coupon", held.coupon, False), **extra, "valid": False}
            value["source"] = {"coupon": whole, "type": "coupon"}
        return value

    def _records(self, kind: str, customer: str) -> list[Any]:
        newest = self.company.book.newest_first(kind, 0, EVERYTHING, customer=customer)
        return [record for _, record in newest][::-1]


DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _read(kind: type[Thing], value: Any) -> Thing:
    if kind not in DECODERS:
        DECODERS[kind] = msgspec.json.Decoder(kind, strict=False)
    thing: Thing = DECODERS[kind].decode(msgspec.json.encode(value))
    return thing
