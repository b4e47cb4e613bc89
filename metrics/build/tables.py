"""The daily, monthly and plan tables and that of departures: a tally's rows added to what is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metrics.build.tally import Tally
from metrics.build.write import Build, execute
from metrics.flows import FLOWS, SQUARES

ADD = (
    "INSERT INTO {table} (organization_id, definition_version, build, {columns}) "
    "SELECT %s, %s, %s, {columns} FROM unnest({arrays}) AS added ({columns}) "
    "ON CONFLICT (organization_id, definition_version, build, {key}) DO UPDATE SET {sums}"
)
DROP = (
    "DELETE FROM {table} AS old USING unnest({keys}) AS touched ({key}) "
    "WHERE old.organization_id = %s AND old.definition_version = %s AND old.build = %s "
    "AND {same} AND {empty}"
)

NAME_PRODUCTS = (
    "UPDATE metrics_planrevenue AS plan SET product_id = named.product_id "
    "FROM unnest(%s::text[], %s::text[]) AS named (price_id, product_id) "
    "WHERE plan.organization_id = %s AND plan.definition_version = %s AND plan.build = %s "
    "AND plan.price_id = named.price_id AND plan.product_id <> named.product_id"
)


@dataclass(frozen=True, slots=True)
class Sums:
    """A table of sums: the columns of its key, typed, and those that add up."""

    name: str
    key: dict[str, str]
    amounts: tuple[str, ...]


DAILY = Sums("metrics_dailyrevenue", {"currency": "text", "day": "date"}, FLOWS + SQUARES)
MONTHLY = Sums("metrics_monthlyrevenue", {"currency": "text", "month": "date"}, FLOWS)
PLANS = Sums(
    "metrics_planrevenue",
    {"currency": "text", "month": "date", "price_id": "text"},
    ("net_micro", "items"),
)
DEPARTURES = Sums(
    "metrics_monthlydepartures",
    {"currency": "text", "month": "date", "why": "text"},
    ("customers", "lost_micro"),
)


def add(tally: Tally, build: Build) -> None:
    """Add a tally to the build's tables; a row that comes to nothing goes."""
    moved = tally.nonzero()
    _add(DAILY, build, moved.daily)
    _add(MONTHLY, build, moved.monthly)
    _add(PLANS, build, moved.plans)
    _add(DEPARTURES, build, moved.left)
    if moved.products:
        lead = (build.organization_id, build.definition_version, build.number)
        execute(NAME_PRODUCTS, ([*moved.products], [*moved.products.values()], *lead))


def _add(table: Sums, build: Build, rows: Mapping[Any, Sequence[int]]) -> None:
    if not rows:
        return
    lead = (build.organization_id, build.definition_version, build.number)
    keys = [list(column) for column in zip(*rows, strict=True)]
    amounts = [list(column) for column in zip(*rows.values(), strict=True)]
    types = [*table.key.values(), *["numeric"] * len(table.amounts)]
    execute(_added(table, types), (*lead, *keys, *amounts))
    execute(_dropped(table), (*keys, *lead))


def _added(table: Sums, types: Sequence[str]) -> str:
    return ADD.format(
        table=table.name,
        columns=", ".join([*table.key, *table.amounts]),
        arrays=", ".join(f"%s::{kind}[]" for kind in types),
        key=", ".join(table.key),
        sums=", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in table.amounts),
    )


def _dropped(table: Sums) -> str:
    return DROP.format(
        table=table.name,
        keys=", ".join(f"%s::{kind}[]" for kind in table.key.values()),
        key=", ".join(table.key),
        same=" AND ".join(f"old.{name} = touched.{name}" for name in table.key),
        empty=" AND ".join(f"old.{name} = 0" for name in table.amounts),
    )
