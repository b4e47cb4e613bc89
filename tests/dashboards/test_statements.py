"""How many statements a page costs."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from metrics.exchange.quotes import Quote
from metrics.exchange.storing import store
from tests.cast import Person
from tests.dashboards.business import moved
from tests.dashboards.crawler import page
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
    known = [date(2026, 7, 31) + timedelta(days=days) for days in range(0, 120, 5)]
    with tenant(organization.id):
        store(organization.id, [Quote("eur", "jpy", on, Decimal(160), "csv") for on in known])
    with clock.set_now(NOW):
        # The first time without a tag, then with one; the present month is compared by its days.
        for query in ("month=2026-09", "month=2026-09", "currency=jpy", "against=year", "in=eur"):
            asked = statements(owner, f"/o/acme/?{query}")
            # What was read ahead and not told would be asked again.
            assert len(set(asked)) == len(asked) <= 11, "\n".join(asked)
        assert "¥" not in page(owner.client, "/o/acme/?in=eur").split('id="rates-used-heading"')[0]


def test_the_connections_ask_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    asked = statements(owner, "/o/acme/connections/")
    assert len(asked) <= 12, "\n".join(asked)


def test_the_sync_page_asks_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    asked = statements(owner, "/o/acme/sync/")
    assert len(asked) <= 10, "\n".join(asked)
