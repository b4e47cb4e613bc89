"""What is stored of some payers, read without what no amount depends on: evidence is most of its bytes."""

from collections import defaultdict
from uuid import UUID

from metrics.build import rows
from metrics.build.load import fetch
from metrics.build.write import Build, Scope
from metrics.core.history import Configuration
from metrics.core.ledger import Segment

LEDGERS = (
    "SELECT customer_id, subscription_id, item_id, extract(epoch FROM from_at)::bigint, "
    "extract(epoch FROM to_at)::bigint, currency, mrr_micro, committed_micro, contracted "
    "FROM metrics_segment AS old "
    "WHERE organization_id = %s AND definition_version = %s AND build = %s AND {condition} "
    "ORDER BY connection_id, customer_id, subscription_id, item_id, from_at"
)
HISTORY = (
    "SELECT {columns} FROM metrics_configuration AS old WHERE organization_id = %s AND {condition} "
    "ORDER BY connection_id, customer_id, subscription_id, item_id, from_at"
)


def ledgers(build: Build, scope: Scope) -> dict[str, list[Segment]]:
    """Return the segments that a build holds of the scope's payers, by item and time: spans and amounts."""
    found: dict[str, list[Segment]] = defaultdict(list)
    lead = (build.organization_id, build.definition_version, build.number)
    for name, subscription, item, start, end, currency, mrr, committed, contracted in fetch(
        LEDGERS.format(condition=scope.condition()), (*lead, *scope.values())
    ):
        found[name].append(
            Segment(
                *(subscription, item, start, end, currency, "", "", "", 0),
                *(mrr, committed, contracted, "", (), "", (), True, True),
            )
        )
    return found


def configurations(organization_id: UUID, scope: Scope) -> dict[str, list[Configuration]]:
    """Return the stored history of the scope's payers without its evidence."""
    found: dict[str, list[Configuration]] = defaultdict(list)
    statement = HISTORY.format(columns=COLUMNS, condition=scope.condition())
    for name, *row in fetch(statement, (organization_id, *scope.values())):
        found[name].append(rows.configuration(row))
    return found


def worth(ledger: tuple[Segment, ...]) -> list[tuple[object, ...]]:
    """Return all of a ledger that any sum depends on."""
    return [
        (
            one.subscription,
            one.item,
            one.start,
            one.end,
            one.currency,
            one.mrr_micro,
            one.committed_micro,
            one.contracted,
        )
        for one in ledger
    ]


def _column(name: str, kind: str) -> str:
    if name == "evidence":
        return "ARRAY[]::text[]"
    return f"extract(epoch FROM old.{name})::bigint" if kind == "instant" else f'old."{name}"'


COLUMNS = ", ".join(_column(name, kind) for name, kind in [*rows.CONFIGURATION.columns.items()][1:])
