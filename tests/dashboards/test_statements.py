"""How many statements a page costs."""

from datetime import date

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from billing_sync.models import Connection
from config import clock
from tests.cast import Person
from tests.dashboards.business import moved
from tests.dashboards.revenue import NOW, add_revenue, computed, connect

FRAMING = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


def statements(person: Person, url: str) -> list[str]:
    """Return what a page asks the database, without the transaction's own words."""
    with CaptureQueriesContext(connection) as captured:
        assert person.client.get(url).status_code == 200
    return [each["sql"] for each in captured if not each["sql"].startswith(FRAMING)]


def test_the_dashboard_asks_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    for currency in ("eur", "jpy"):
        add_revenue(organization, key, currency)
        moved(organization, key, currency, [(date(2026, 1, 5), "new", 100) for _ in range(20)])
    with clock.set_now(NOW):
        # The first time without a tag, then with one; the present month is compared by its days.
        for query in ("month=2026-09", "month=2026-09", "currency=jpy", "against=year", "in=usd"):
            asked = statements(owner, f"/o/acme/?{query}")
            assert len(asked) <= 12, "\n".join(asked)


def test_the_connections_ask_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    asked = statements(owner, "/o/acme/connections/")
    assert len(asked) <= 12, "\n".join(asked)


def test_the_sync_page_asks_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    asked = statements(owner, "/o/acme/sync/")
    assert len(asked) <= 10, "\n".join(asked)
