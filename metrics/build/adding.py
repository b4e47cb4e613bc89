"""A few rows of sums moved in place: one statement a table, in one round trip."""

from collections.abc import Mapping, Sequence
from typing import Any

from metrics.build.packing import encode
from metrics.build.pipeline import Road
from metrics.build.tables import DAILY, DEPARTURES, MONTHLY, NAME_PRODUCTS, PLANS, Sums
from metrics.build.tally import Tally
from metrics.build.write import Build

ADD = (
    "INSERT INTO {table} AS present (organization_id, definition_version, build, {columns}) "
    "SELECT %s, %s, %s, {columns} FROM json_to_recordset(%s::json) AS added ({typed}) "
    "ON CONFLICT (organization_id, definition_version, build, {key}) DO UPDATE SET {sums}"
)
DROP = (
    "DELETE FROM {table} AS present USING json_to_recordset(%s::json) AS touched ({typed}) "
    "WHERE organization_id = %s AND definition_version = %s AND build = %s AND {same} AND {empty}"
)


def add(tally: Tally, build: Build, renamed: Mapping[str, str], road: Road) -> None:
    """Add a tally to the build's tables; rows that come to nothing go.

    Plans of prices in another product than before take its name. Rows are taken in the order of their keys,
    so that two who add to the same days cannot wait for each other.
    """
    moved = tally.nonzero()
    plans = {key: (*row, moved.products.get(key[-1], "")) for key, row in moved.plans.items()}
    lead = (build.organization_id, build.definition_version, build.number)
    given: list[tuple[Sums, Mapping[Any, Sequence[Any]]]] = [
        (DAILY, moved.daily),
        (MONTHLY, moved.monthly),
        (PLANS, plans),
        (DEPARTURES, moved.left),
    ]
    for table, added in given:
        if added:
            rows = _json(table, added)
            road.send(ADDING[table.name], (*lead, rows))
            road.send(DROPPING[table.name], (rows, *lead))
    if renamed:
        road.send(NAME_PRODUCTS, ([*renamed], [*renamed.values()], *lead))


def _json(table: Sums, rows: Mapping[Any, Sequence[Any]]) -> str:
    names = [*table.key, *_columns(table)]
    return encode([dict(zip(names, (*key, *rows[key]), strict=True)) for key in sorted(rows)]).decode()


def _columns(table: Sums) -> dict[str, str]:
    amounts = dict.fromkeys(table.amounts, "numeric")
    return {**amounts, "product_id": "text"} if table is PLANS else amounts


def _adding(table: Sums) -> str:
    columns = {**table.key, **_columns(table)}
    return ADD.format(
        table=table.name,
        columns=", ".join(columns),
        typed=", ".join(f"{name} {kind}" for name, kind in columns.items()),
        key=", ".join(table.key),
        sums=", ".join(f"{name} = present.{name} + excluded.{name}" for name in table.amounts),
    )


def _dropping(table: Sums) -> str:
    return DROP.format(
        table=table.name,
        typed=", ".join(f"{name} {kind}" for name, kind in table.key.items()),
        same=" AND ".join(f"present.{name} = touched.{name}" for name in table.key),
        empty=_empty(table),
    )


def _empty(table: Sums) -> str:
    return " AND ".join(f"present.{name} = 0" for name in table.amounts)


TABLES = (DAILY, MONTHLY, PLANS, DEPARTURES)
ADDING = {table.name: _adding(table) for table in TABLES}
DROPPING = {table.name: _dropping(table) for table in TABLES}
