"""Before a build reads, and before anybody reads it, the planner knows what has grown."""

from uuid import UUID

from django.db import connections

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Invoice
from billing_sync.payload import write_payload
from billing_sync.sandbox.company import empty
from config.clock import set_now
from metrics.build import parts
from metrics.build.load import fetch
from metrics.build.mirrored import READ
from metrics.build.pipeline import ask, packed
from metrics.build.sources import alone
from metrics.build.write import execute
from tests.metrics.conftest import NOW
from tests.metrics.seeding import connect

KNOWN = "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass"
FILL = (
    "INSERT INTO metrics_undiagnosed (organization_id, connection_id, customer_id, marked) "
    "SELECT %s, %s, 'cus_' || number, gen_random_uuid() FROM generate_series(1, 6000) AS number"
)


def forget(*tables: str) -> None:
    """Empty tables, as they are before a first import."""
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"TRUNCATE {table}")


def known(table: str) -> int:
    """Return how many rows the planner takes a table to have, below 0 where nobody looked."""
    return int(fetch(KNOWN, [table])[0][0])


def bill(organization_id: UUID, connection_id: UUID) -> None:
    """Store ten small invoices of each of 300 payers."""
    payload = write_payload({})
    rows = [
        Invoice(
            organization_id=organization_id,
            connection_id=connection_id,
            stripe_id=f"in_{number}",
            customer_id=f"cus_{number % 300}",
            payload=payload,
            api_version="",
            created_at=NOW,
            fetched_at=NOW,
        )
        for number in range(3_000)
    ]
    Invoice.objects.bulk_create(rows)


def plan_of_one(organization_id: UUID, connection_id: UUID) -> str:
    """Return how the rows of one payer would be read."""
    bound = {
        "organization": organization_id,
        "connection": connection_id,
        "names": packed("text", ["cus_7"]),
    }
    return "\n".join(line for (line,) in ask(f"EXPLAIN {READ}", bound))


def test_a_build_finds_payers_by_their_own_index_at_once_and_so_do_its_readers(
    organization: Organization,
) -> None:
    forget("billing_sync_invoice", "metrics_undiagnosed")
    now = int(NOW.timestamp())
    connection_id = connect(organization, empty(1, now, now)).connection_id
    with set_now(NOW):
        with tenant(organization.id):
            bill(organization.id, connection_id)
            assert "invoice_by_created_at" in plan_of_one(organization.id, connection_id)
        with alone(organization.id):
            parts.begin(organization.id)
        with tenant(organization.id):
            assert "invoice_by_created_at" not in plan_of_one(organization.id, connection_id)
            execute(FILL, [organization.id, connection_id])
        while parts.step(organization.id):
            pass
        with alone(organization.id):
            parts.show(organization.id)
    assert (known("billing_sync_invoice"), known("metrics_undiagnosed")) == (3_000, 6_000)
