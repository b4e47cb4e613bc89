"""The daily, monthly and plan tables made equal to a whole tally: only rows that differ are written."""

from collections.abc import Mapping, Sequence
from typing import Any

from metrics.build.tables import DAILY, MONTHLY, PLANS, Sums
from metrics.build.tally import Tally
from metrics.build.write import Build, execute

PUT = (
    "INSERT INTO {table} AS old (organization_id, definition_version, build, {columns}) "
    "SELECT %s, %s, %s, {columns} FROM unnest({arrays}) AS summed ({columns}) "
    "ON CONFLICT (organization_id, definition_version, build, {key}) DO UPDATE SET {values} "
    "WHERE ({old}) IS DISTINCT FROM ({new})"
)
DROP = (
    "DELETE FROM {table} AS old WHERE organization_id = %s AND definition_version = %s AND build = %s "
    "AND NOT EXISTS (SELECT 1 FROM unnest({keys}) AS summed ({key}) WHERE {same})"
)


def replace(tally: Tally, build: Build) -> int:
    """Make a build's tables equal to the tally of all its segments; return how many rows differed."""
    totals = tally.nonzero()
    plans = {key: (*row, totals.products[key[-1]]) for key, row in totals.plans.items()}
    return (
        _replace(DAILY, build, totals.daily)
        + _replace(MONTHLY, build, totals.monthly)
        + _replace(PLANS, build, plans, {"product_id": "text"})
    )


def _replace(
    table: Sums, build: Build, rows: Mapping[Any, Sequence[Any]], texts: Mapping[str, str] | None = None
) -> int:
    lead = (build.organization_id, build.definition_version, build.number)
    kinds = {**table.key, **dict.fromkeys(table.amounts, "numeric"), **(texts or {})}
    given = zip(*((*key, *row) for key, row in rows.items()), strict=True)
    columns = [_array(column, kind) for column, kind in zip(given, kinds.values(), strict=bool(rows))]
    columns = columns or [[] for _ in kinds]
    values = [name for name in kinds if name not in table.key]
    put = PUT.format(
        table=table.name,
        columns=", ".join(kinds),
        arrays=", ".join(f"%s::{kind}[]" for kind in kinds.values()),
        key=", ".join(table.key),
        values=", ".join(f"{name} = excluded.{name}" for name in values),
        old=", ".join(f"old.{name}" for name in values),
        new=", ".join(f"excluded.{name}" for name in values),
    )
    drop = DROP.format(
        table=table.name,
        keys=", ".join(f"%s::{kind}[]" for kind in table.key.values()),
        key=", ".join(table.key),
        same=" AND ".join(f"old.{name} = summed.{name}" for name in table.key),
    )
    gone = execute(drop, (*lead, *columns[: len(table.key)]))
    return gone + execute(put, (*lead, *columns))


def _array(column: Sequence[Any], kind: str) -> Any:
    """Return an array as PostgreSQL reads it, for numbers as one text: thousands of them are quick so."""
    return list(column) if kind == "text" else "{" + ",".join(map(str, column)) + "}"
