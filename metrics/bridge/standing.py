"""The stored configurations that hold at an instant, payer after payer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from metrics.build import rows, stored
from metrics.build.load import Loader, fetch
from metrics.build.write import Scope
from metrics.core.history import Configuration
from metrics.core.ledger import TRIALS

CHUNK = 2_000
INSTANTS = ("from_at", "to_at", "unpaid_since")
NAMES = list(rows.CONFIGURATION.columns)[2:]
COLUMNS = ", ".join(
    f"extract(epoch FROM {name})::bigint" if name in INSTANTS else f'"{name}"' for name in NAMES
)
HOLDING = "from_at < to_timestamp(%s) AND (to_at IS NULL OR to_at >= to_timestamp(%s)) AND currency = %s"
READ = (
    f"SELECT customer_id, {COLUMNS} FROM metrics_configuration "  # noqa: S608 - names of our own columns
    "WHERE organization_id = %s AND connection_id = %s AND customer_id > %s AND customer_id <= %s "
    f"AND {HOLDING} ORDER BY customer_id, subscription_id, item_id, from_at"
)
NEXT = (
    "SELECT max(customer_id) FROM (SELECT DISTINCT customer_id FROM metrics_configuration "
    "WHERE organization_id = %s AND connection_id = %s AND customer_id > %s ORDER BY customer_id LIMIT %s) "
    "AS held"
)
COUNT = (
    "SELECT count(*) FROM (SELECT 1 FROM metrics_configuration "  # noqa: S608 - no value is in the text
    f"WHERE organization_id = %s AND {HOLDING} LIMIT %s) AS held"
)


def count(organization_id: UUID, currency: str, at: int, most: int) -> int:
    """Count the items that hold just before an instant, up to a number."""
    ((found,),) = fetch(COUNT, (organization_id, at, at, currency, most))
    return int(found)


def holding(
    organization_id: UUID, loader: Loader, currency: str, at: int
) -> Iterator[dict[str, list[Configuration]]]:
    """Yield the configurations of one currency that hold just before an instant, some payers at a time.

    A trial is valued by whether its subscription counted before: for its payer the whole history comes.
    """
    _, connection_id = loader.key
    after = ""
    while True:
        ((last,),) = fetch(NEXT, (organization_id, connection_id, after, CHUNK))
        if last is None:
            return
        found: dict[str, list[Configuration]] = defaultdict(list)
        bound = (organization_id, connection_id, after, last, at, at, currency)
        for customer_id, *row in fetch(READ, bound):
            found[customer_id].append(rows.configuration(row))
        found |= whole(organization_id, connection_id, [name for name in found if _on_trial(found[name])])
        complete(loader, found)
        yield found
        after = last


def whole(
    organization_id: UUID, connection_id: UUID, customer_ids: Sequence[str]
) -> dict[str, list[Configuration]]:
    """Return the whole stored history of some payers."""
    if not customer_ids:
        return {}
    return dict(stored.configurations(organization_id, Scope(connection_id, customer_ids)))


def complete(loader: Loader, found: dict[str, list[Configuration]]) -> None:
    """Read the prices and coupons that only payloads embed."""
    shelf = loader.shelf
    lacking = [
        name
        for name, past in found.items()
        if any(
            one.price not in shelf.prices or any(each.coupon not in shelf.coupons for each in one.discounts)
            for one in past
        )
    ]
    if lacking:
        for _ in loader.customers(lacking):
            pass


def _on_trial(past: Sequence[Configuration]) -> bool:
    return any(one.status in TRIALS for one in past)
