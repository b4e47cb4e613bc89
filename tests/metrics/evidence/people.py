"""What the mirror's own writing adds to a copied account: payers with names and homes, prices' intervals."""

from uuid import UUID

from accounts.tenancy import tenant
from billing_sync.models import Customer, Payer, Price
from billing_sync.payload import read_payload, write_payload
from tests.metrics.conftest import NOW

NAMES = ("Aardvark", "Birch & Co", "Cedar", "Dune", "Ärmel")
HOMES = ("US", "DE", "FR", "")


def told(organization_id: UUID) -> None:
    """Name everyone, and give three in four a country."""
    with tenant(organization_id):
        customers = Customer.objects.order_by("stripe_id").values_list("connection_id", "stripe_id")
        Payer.objects.bulk_create(
            _payer(organization_id, number, *who) for number, who in enumerate(customers)
        )
        for price in Price.objects.all():
            recurring = read_payload(price.payload).get("recurring") or {}
            price.interval = recurring.get("interval", "")
            price.interval_count = recurring.get("interval_count")
            price.save()


def _payer(organization_id: UUID, number: int, connection_id: UUID, customer_id: str) -> Payer:
    home = HOMES[number % len(HOMES)]
    address = {"address": {"country": home}} if number % 2 else {"shipping": {"address": {"country": home}}}
    return Payer(
        organization_id=organization_id,
        connection_id=connection_id,
        customer_id=customer_id,
        name=f"{NAMES[number % len(NAMES)]} {number}",
        email=f"{number}@example.com" if number % 3 else "",
        fields=write_payload(address if home else {}),
        fetched_at=NOW,
    )
