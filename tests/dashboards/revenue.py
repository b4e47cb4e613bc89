"""A connected organization with a few months of revenue, written straight into its tables."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, SyncCursor
from metrics import definitions
from metrics.models import CurrentBuild, MonthlyRevenue, PlanRevenue

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EURO = 100_000_000
FLOWS: Sequence[tuple[date, dict[str, int]]] = (
    (date(2026, 8, 1), {"new_micro": 10_000 * EURO, "customers_new": 4}),
    (
        date(2026, 9, 1),
        {
            "new_micro": 1_500 * EURO,
            "expansion_micro": 600 * EURO,
            "contraction_micro": 200 * EURO,
            "churn_micro": 500 * EURO,
            "customers_new": 2,
            "customers_churned": 1,
        },
    ),
    (date(2026, 10, 1), {"reactivation_micro": 333_333_333, "customers_reactivated": 1}),
)


def connect(organization: Organization, state: Connection.State, **more: Any) -> Connection:
    """Write a connection in some state."""
    facts: dict[str, Any] = {
        "kind": Connection.Kind.RESTRICTED_KEY,
        "account_name": "Acme SAS",
        "account_id": "acct_1",
        "livemode": True,
        "key_hint": "rk_live_…9f2c",
    }
    with tenant(organization.id):
        return Connection.objects.create(
            organization=organization,
            state=state,
            **{**facts, **more},
        )


def reading(organization: Organization, connection: Connection, resource: str, done: int) -> SyncCursor:
    """Write how far a list has been read."""
    with tenant(organization.id):
        return SyncCursor.objects.create(
            organization=organization,
            connection_id=connection.id,
            resource=resource,
            state=SyncCursor.State.READING,
            objects_done=done,
            started_at=NOW.replace(minute=0),
            moved_at=NOW.replace(second=10),
        )


def computed(organization: Organization, *, through: datetime = NOW) -> dict[str, Any]:
    """Point the organization at a build without rows, and return the key of one."""
    with tenant(organization.id):
        version = definitions.latest(organization.id).version
        CurrentBuild.objects.create(
            organization=organization,
            definition_version=version,
            build=1,
            computed_at=through,
            data_through=through,
            connection_ids=[],
        )
    return {"organization": organization, "definition_version": version, "build": 1}


def revenue(
    organization: Organization, *, currency: str = "eur", through: datetime = NOW, since: date | None = None
) -> None:
    """Give an organization a live connection and revenue from August, or earlier, to October 2026."""
    connect(organization, Connection.State.LIVE, imported_at=through, data_through=through)
    key = computed(organization, through=through)
    add_revenue(organization, key, currency)
    if since:
        with tenant(organization.id):
            MonthlyRevenue.objects.create(**key, currency=currency, month=since, new_micro=EURO)


def add_revenue(organization: Organization, key: dict[str, Any], currency: str) -> None:
    """Write the months' flows in one currency, and the plans that hold them."""
    with tenant(organization.id):
        for month, flows in FLOWS:
            MonthlyRevenue.objects.create(**key, currency=currency, month=month, **flows)
        for month, price, amount in (
            (date(2026, 8, 1), "price_yearly", 10_000 * EURO),
            (date(2026, 9, 1), "price_monthly", 1_400 * EURO),
            (date(2026, 10, 1), "price_monthly", 333_333_333),
        ):
            PlanRevenue.objects.create(
                **key,
                currency=currency,
                month=month,
                price_id=price,
                product_id="",
                net_micro=amount,
                items=1,
            )
