"""A real worker, killed while it writes a large file: the next goes on, nothing twice, nothing lost."""

import time

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from dashboards.models import Export
from tests.cast import Person
from tests.dashboards.exports.reading import of_csv
from tests.dashboards.revenue import computed
from tests.processes import Worker
from tests.soak import sized

WAIT_SECONDS = sized(60, 600)
MOVED = """
INSERT INTO metrics_movement (organization_id, definition_version, build, date, connection_id, customer_id,
    currency, kind, amount_micro, after_micro, until, reasons, subscription_ids, legs)
SELECT %(organization)s, %(version)s, 1, date '2024-01-01' + (n %% 900)::int, %(organization)s,
    'cus_' || to_char(n, 'FM0000000'), 'eur', 'new', n, n, NULL, '{}', ARRAY['sub_' || n], '[]'
FROM generate_series(1, %(count)s) AS n
"""


def moved(organization: Organization, count: int) -> None:
    """Write so many movements, of a customer each."""
    key = computed(organization)
    with tenant(organization.id), connection.cursor() as cursor:
        bound = {"organization": organization.id, "version": key["definition_version"], "count": count}
        cursor.execute(MOVED, bound)


def reached(export: Export, pieces: int, state: str) -> Export:
    """Wait until a file has so many pieces or a state."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with tenant(export.organization_id):
            export.refresh_from_db()
        if export.pieces >= pieces or export.state == state:
            return export
        time.sleep(0.02)
    raise AssertionError(f"{export.state} with {export.pieces} pieces: {export.error}")


def asked(client: Client) -> None:
    answer = client.post("/o/acme/data/exports", {"table": "movements", "format": "csv"})
    assert answer["Location"] == "/o/acme/data/"


@pytest.mark.soak
def test_a_killed_worker_s_file_is_finished_by_the_next(
    celery_worker: Worker, organization: Organization, owner: Person
) -> None:
    count = sized(60_000, 1_000_000)
    moved(organization, count)
    asked(owner.client)
    with tenant(organization.id):
        export = Export.objects.get()
    killed = reached(export, 2, "ready")
    celery_worker.kill()
    with tenant(organization.id):
        killed.refresh_from_db()
    assert killed.state == Export.State.WORKING, "The worker was faster than its death."
    pieces = killed.pieces
    celery_worker.start()
    assert reached(export, pieces + 1, "ready").pieces > pieces
    assert reached(export, 10**6, "ready").rows == count
    answer = owner.client.get(f"/o/acme/data/exports/{export.id}/file")
    header, rows = of_csv(answer.getvalue())
    told = [row[header.index("customer_id")] for row in rows]
    assert len(told) == len({*told}) == count
