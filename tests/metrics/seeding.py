"""An invented account copied straight into the mirror, without the wire between."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import mirror, models
from billing_sync.digest import digest
from billing_sync.payload import decode_object, write_payload
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.objects import build
from billing_sync.sandbox.objects.catalog import coupon_extra, price_extra
from billing_sync.sandbox.objects.invoices import line_item

KINDS: Mapping[str, type[models.Mirrored]] = {
    "product": models.Product,
    "price": models.Price,
    "coupon": models.Coupon,
    "customer": models.Customer,
    "subscription": models.Subscription,
    "subscription_schedule": models.SubscriptionSchedule,
    "invoice": models.Invoice,
    "invoiceitem": models.InvoiceItem,
    "invoice_payment": models.InvoicePayment,
    "refund": models.Refund,
    "credit_note": models.CreditNote,
    "event": models.Event,
}


TELLING = ("customer.subscription.", "customer.discount.")
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Mirror:
    """A connection of an organization and the company behind it."""

    organization_id: UUID
    connection_id: UUID
    company: Company

    def copy(self, customers: Iterable[str] | None = None, *, kinds: Iterable[str] = KINDS) -> None:
        """Copy the company's present objects: all, or those of some customers."""
        only = None if customers is None else set(customers)
        now = datetime.fromtimestamp(self.company.now, UTC)
        for kind in kinds:
            rows = [
                self._row(kind, json.loads(json.dumps(expanded(kind, record))), now)
                for record in self.company.book.all(kind)
                if only is None or payer(record) in only
            ]
            updated = [field.name for field in KINDS[kind]._meta.fields if field.name not in KEY]
            with tenant(self.organization_id):
                KINDS[kind]._default_manager.bulk_create(
                    rows,
                    update_conflicts=True,
                    unique_fields=["organization_id", "connection_id", "stripe_id"],
                    update_fields=updated,
                )

    def listen(self) -> int:
        """Log every event of a subscription or discount, as if heard when told; return how many there are."""
        told = (event for event in self.company.book.all("event") if event.type.startswith(TELLING))
        heard, at = 0, datetime.fromtimestamp(self.company.now, UTC)
        while some := list(islice(told, AT_ONCE)):
            values = [decode_object(msgspec.json.encode(build("event", event, False))) for event in some]
            version = settings.STRIPE_API_VERSION
            seen = [mirror.Sighting(value, at, version, applied_at=at) for value in values]
            with tenant(self.organization_id):
                mirror.store_events(models.Connection.objects.get(id=self.connection_id), seen)
            heard += len(some)
        return heard

    def _row(self, kind: str, value: dict[str, Any], now: datetime) -> models.Mirrored:
        created = value.get("created") or value.get("date")
        return KINDS[kind](
            organization_id=self.organization_id,
            connection_id=self.connection_id,
            stripe_id=value["id"],
            created_at=datetime.fromtimestamp(created, UTC) if created else None,
            payload=write_payload(value),
            api_version="",
            fetched_at=now,
            **typed(kind, value),
        )


def expanded(kind: str, record: Any) -> dict[str, Any]:
    """Return an object with what the mirror asks Stripe to expand."""
    value = build(kind, record, False)
    if kind == "price":
        value |= {name: price_extra(record, name) for name in ("tiers", "currency_options")}
    if kind == "coupon":
        value["applies_to"] = coupon_extra(record, "applies_to")
    if kind == "subscription":
        value["discounts"] = [build("discount", held, False) for held in record.discounts]
        for item, own in zip(value["items"]["data"], record.items, strict=False):
            item["discounts"] = [build("discount", held, False) for held in own.discounts]
    if kind == "invoice":
        value["lines"]["data"] = [line_item(line, False) for line in record.lines]
        value["discounts"] = [build("discount", held, False) for held in record.discounts]
    return value


def payer(record: Any) -> str | None:
    """Return whose a record is; an event's is that of the object it shows."""
    customer: str | None = getattr(getattr(record, "after", record), "customer", None)
    return customer


KEY = {"pk", "organization", "connection_id", "stripe_id", "name_lower"}


def typed(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that metrics reads besides the payload."""
    if kind == "event":
        shown = value["data"]["object"]
        return {"type": value["type"], "customer_id": shown.get("customer") or ""}
    if kind == "invoice_payment":
        return {"invoice_id": value["invoice"]}
    if kind == "price":
        terms = value["recurring"] or {}
        told = {"interval": terms.get("interval", ""), "interval_count": terms.get("interval_count")}
        return {"product_id": value["product"], "nickname": value["nickname"] or "", **told}
    if kind == "product":
        return {"name": value["name"]}
    if kind in ("coupon", "customer"):
        return {}
    return {"customer_id": value["customer"]}


def connect(organization: Organization, company: Company, *, livemode: bool = False) -> Mirror:
    """Make a connection whose first import has ended."""
    now = datetime.fromtimestamp(company.now, UTC)
    with tenant(organization.id):
        connection = models.Connection.objects.create(
            organization=organization,
            kind=models.Connection.Kind.RESTRICTED_KEY,
            state=models.Connection.State.LIVE,
            livemode=livemode,
            imported_at=now,
            data_through=now,
        )
    return Mirror(organization.id, connection.id, company)


def mirrored(organization: Organization, company: Company) -> Mirror:
    """Connect an organization to a company and copy everything."""
    mirror = connect(organization, company)
    mirror.copy()
    return mirror


def facts(organization_id: UUID) -> dict[str, str]:
    return {name: text for name, text in digest(organization_id) if name.startswith("metrics_")}
