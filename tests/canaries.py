"""Personal data of payers, planted wherever it may lie: each of it holds the word, to be looked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.models import User
from accounts.tenancy import tenant
from billing_sync.models import Customer, Invoice, Payer
from billing_sync.payload import read_payload, write_payload
from dashboards.models import CustomerNote
from metrics.bridge.uploads import storing
from tests.accounts.isolation.everywhere import MARK
from tests.dashboards.at_risk import AtRisk

CANARY = "Quetzalcoatlus"
HEAD = "Customer,Date,MRR,Currency\n"


def plant(business: AtRisk) -> int:
    """Give every payer a name, an address, metadata and a note, and upload a file that names them."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    ours = {"organization_id": business.id, "connection_id": business.mirror.connection_id}
    with tenant(business.id):
        customers = list(Customer.objects.filter(**ours).values_list("stripe_id", flat=True))
        Payer.objects.filter(**ours).delete()
        Payer.objects.bulk_create(
            Payer(
                **ours,
                customer_id=one,
                name=f"{CANARY} {number}",
                email=f"{CANARY}{number}@example.com",
                fields=write_payload({"name": CANARY, "metadata": {"told": CANARY}, "phone": CANARY}),
                fetched_at=at,
            )
            for number, one in enumerate(customers)
        )
        CustomerNote.objects.bulk_create(
            CustomerNote(**ours, customer_id=one, text=f"Met {CANARY}.", at=at) for one in customers
        )
        _describe(ours)
        _upload(business, len(customers), business.owner.user)
    return len(customers)


def _describe(ours: Mapping[str, UUID]) -> None:
    """Write into the lines of invoices what sellers write there."""
    for invoice in Invoice.objects.filter(**ours):
        value = read_payload(invoice.payload)
        for line in (value.get("lines") or {}).get("data") or []:
            line["description"] = f"For {CANARY}"
        Invoice.objects.filter(**ours, stripe_id=invoice.stripe_id).update(payload=write_payload(value))


def _upload(business: AtRisk, count: int, by: User) -> None:
    rows = "".join(f"{CANARY}{number}@example.com,2026-10-31,10.00,usd\n" for number in range(count))
    storing.receive(business.id, f"{CANARY}.csv", f"{HEAD}{rows}".encode(), by=by)


class Recorder:
    """A client that keeps what it opened and where it was told of somebody, and hears of no strangers."""

    def __init__(self, client: Client) -> None:
        self.client, self.opened, self.told = client, set[str](), set[str]()

    def get(self, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._heard(url, self.client.get(url, *args, **kwargs))

    def post(self, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._heard(url, self.client.post(url, *args, **kwargs))

    def _heard(self, url: str, answer: Any) -> Any:
        content = answer.getvalue() if answer.streaming else answer.content
        assert MARK.encode() not in content + str(answer.headers).encode(), (
            f"{url} tells of another organization."
        )
        if answer.status_code == 200:
            self.opened.add(url)
        if CANARY.encode() in content or CANARY in str(answer.headers):
            self.told.add(url.partition("?")[0])
        return answer
