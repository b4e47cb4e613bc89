"""What Stripe says of a subscription's days ahead, and of the card that it charges."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from billing_sync.payload import decompressor
from metrics.build.facts import reference
from metrics.build.payloads import Page, Reference
from metrics.core.intervals import add_months


class Trial(Struct, gc=False):
    end_date: int | None = None


class Item(Struct, gc=False):
    id: str
    current_period_end: int | None = None
    current_trial: Trial | None = None


class Subscription(Struct):
    """A subscription as far as the days ahead of it ask."""

    id: str
    items: Page[Item] | None = None
    collection_method: str | None = None
    trial_end: int | None = None
    cancel_at: int | None = None
    cancel_at_period_end: bool | None = None
    current_period_end: int | None = None
    default_payment_method: Reference = None
    default_source: Reference = None
    schedule: Reference = None

    def schedule_id(self) -> str:
        """Return the schedule that it follows, nothing where none is attached."""
        return reference(self.schedule) or ""

    def ends_at(self) -> int | None:
        """Return when it would end if it is canceled: by date, else with its longest period."""
        ends = [one.current_period_end for one in self.parts().values() if one.current_period_end]
        return self.cancel_at or max(ends, default=self.current_period_end)

    def parts(self) -> dict[str, Item]:
        """Return the items by id."""
        return {one.id: one for one in self.items.data} if self.items else {}


class InvoiceSettings(Struct, gc=False):
    default_payment_method: Reference = None


class Customer(Struct, gc=False):
    """A customer as far as charging a card asks."""

    invoice_settings: InvoiceSettings | None = None
    default_source: Reference = None


Cards = Mapping[str, int]


class Reader:
    """Decode mirrored payloads; one that cannot be read tells nothing."""

    def __init__(self) -> None:
        self._zstd = decompressor()
        self._decoders = {kind: msgspec.json.Decoder(kind, strict=False) for kind in (Subscription, Customer)}

    def subscription(self, blob: bytes, stripe_id: str) -> Subscription:
        """Return what a subscription's payload says."""
        found: Subscription | None = self._read(Subscription, blob)
        return found or Subscription(stripe_id)

    def customer(self, blob: bytes) -> Customer:
        """Return what a customer's payload says."""
        return self._read(Customer, blob) or Customer()

    def _read(self, kind: Any, blob: bytes) -> Any:
        try:
            return self._decoders[kind].decode(self._zstd.decompress(blob))
        except msgspec.DecodeError:
            return None


def card_of(subscription: Subscription, customer: Customer, cards: Cards) -> int | None:
    """Return when the card that a subscription charges expires, None where no card is known.

    Stripe charges the subscription's own payment method first, then its source, then the customer's.
    """
    if subscription.collection_method == "send_invoice":
        return None
    settings = customer.invoice_settings or InvoiceSettings()
    for one in (
        subscription.default_payment_method,
        subscription.default_source,
        settings.default_payment_method,
        customer.default_source,
    ):
        if one:
            return cards.get(one if isinstance(one, str) else one.id)
    return None


def expiry(year: int | None, month: int | None) -> int | None:
    """Return the first instant after a card's last month, by UTC, None where that is no month."""
    if year is None or month is None or not (1 <= month <= 12 and 1970 <= year < 9_999):
        return None
    return add_months(int(datetime.combine(date(year, month, 1), datetime.min.time(), UTC).timestamp()), 1)
