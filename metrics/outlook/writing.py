"""What is decided as rows; only those that differ are written."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from metrics.build import write
from metrics.build.load import Loader
from metrics.build.rows import Table
from metrics.build.write import Build, Scope, execute
from metrics.exposure.diagnoses import Day
from metrics.exposure.loading import Account, Look
from metrics.outlook.decided import decided
from metrics.outlook.valuing import outlooks

DECIDED = Table(
    "metrics_decidedchange",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "currency": "text",
        "kind": "text",
        "due_on": "day",
        "due_at": "instant",
        "amount_micro": "bigint",
        "committed_micro": "bigint",
    },
    ("connection_id", "customer_id", "subscription_id", "currency", "kind", "due_on"),
    built=False,
)
DROP_OTHERS = "DELETE FROM metrics_decidedchange WHERE organization_id = %s AND connection_id <> ALL(%s)"


def replace(scope: Scope, look: Look, accounts: Mapping[str, Account], loader: Loader, day: Day) -> None:
    """Make what is decided for a scope's customers equal to what their subscriptions say."""
    rows = [
        (scope.connection_id, name, *one)
        for name, each in outlooks(look, accounts, loader).items()
        for one in decided(each, day)
    ]
    write.replace(DECIDED, Build(look.organization_id), scope, rows)


def begin(organization_id: UUID, connection_ids: Iterable[UUID]) -> None:
    """Forget accounts that are no longer summed."""
    execute(DROP_OTHERS, (organization_id, list(connection_ids)))
