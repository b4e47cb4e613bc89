"""What was counted as rows: of each table only those that differ are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from metrics.build.rows import Row, Table
from metrics.build.write import execute
from metrics.cohorts.tally import KINDS, OUTCOMES, Tally

MEMBER = Table(
    "metrics_cohortmember",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "currency": "text",
        "month": "day",
        "plan": "text",
        "country": "text",
        "base_micro": "bigint",
    },
    ("connection_id", "customer_id", "currency"),
    built=False,
)
MOVE = Table(
    "metrics_planmove",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "dimension": "text",
        "currency": "text",
        "month": "day",
        "giver": "text",
        "taker": "text",
        "amount_micro": "bigint",
        "change_micro": "bigint",
    },
    ("connection_id", "customer_id", "dimension", "currency", "month", "giver", "taker"),
    built=False,
)
TRIAL = Table(
    "metrics_trial",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "currency": "text",
        "plan": "text",
        "month": "day",
        "started_on": "day",
        "state": "text",
        "days": "bigint",
        "worth_micro": "bigint",
        "ends_at": "instant",
        "cancels": "boolean",
    },
    ("connection_id", "customer_id", "subscription_id"),
    built=False,
)
OF_CUSTOMERS = (MEMBER, MOVE, TRIAL)
PUT = (
    "INSERT INTO {table} AS old (organization_id, {columns}) "
    "SELECT %s, {columns} FROM unnest({arrays}) AS summed ({columns}) "
    "ON CONFLICT (organization_id, {key}) DO UPDATE SET {values} "
    "WHERE ({old}) IS DISTINCT FROM ({new})"
)
DROP = (
    "DELETE FROM {table} AS old WHERE organization_id = %s "
    "AND NOT EXISTS (SELECT 1 FROM unnest({keys}) AS summed ({key}) WHERE {same})"
)
DROP_CONNECTIONS = "DELETE FROM {table} WHERE organization_id = %s AND connection_id <> ALL(%s)"


@dataclass(frozen=True, slots=True)
class Sums:
    """A table of sums: the columns of its key and of its values, typed."""

    name: str
    key: Mapping[str, str] = field(hash=False)
    values: Mapping[str, str] = field(hash=False)


COHORTS = Sums(
    "metrics_cohortchange",
    {"currency": "text", "dimension": "text", "value": "text", "cohort": "date", "month": "date"},
    {"net_micro": "numeric", "gross_micro": "numeric", "customers": "bigint", "joined": "bigint"},
)
FLOWS = Sums(
    "metrics_planflow",
    {"dimension": "text", "currency": "text", "month": "date", "plan": "text"},
    {
        **dict.fromkeys([f"{kind}_micro" for kind in KINDS], "numeric"),
        "holders": "bigint",
        "churned": "bigint",
    },
)
TRIALS = Sums(
    "metrics_trialmonth",
    {"currency": "text", "month": "date"},
    {**dict.fromkeys(["started", *OUTCOMES], "bigint"), "median_days2": "bigint"},
)


def settle(organization_id: UUID, tally: Tally) -> None:
    """Make the tables of sums equal to a tally of everyone."""
    cohorts = [
        (*key[:3], *map(date.fromordinal, key[3:]), *row) for key, row in tally.cohorts.items() if any(row)
    ]
    flows = [
        (dimension, currency, date.fromordinal(month), plan, *row)
        for (dimension, currency, month, plan), row in tally.flows.items()
        if any(row)
    ]
    for table, rows in ((COHORTS, cohorts), (FLOWS, flows), (TRIALS, tally.trial_months())):
        _settle(table, organization_id, rows)


def forget_others(organization_id: UUID, kept: Sequence[UUID]) -> None:
    """Delete the rows of customers of accounts that are no longer summed."""
    for table in OF_CUSTOMERS:
        execute(DROP_CONNECTIONS.format(table=table.name), (organization_id, list(kept)))


def _settle(table: Sums, organization_id: UUID, rows: Sequence[Row]) -> None:
    kinds = {**table.key, **table.values}
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in kinds]
    arrays = {name: f"%s::{kind}[]" for name, kind in kinds.items()}
    drop = DROP.format(
        table=table.name,
        keys=", ".join(arrays[name] for name in table.key),
        key=", ".join(table.key),
        same=" AND ".join(f"old.{name} = summed.{name}" for name in table.key),
    )
    put = PUT.format(
        table=table.name,
        columns=", ".join(kinds),
        arrays=", ".join(arrays.values()),
        key=", ".join(table.key),
        values=", ".join(f"{name} = excluded.{name}" for name in table.values),
        old=", ".join(f"old.{name}" for name in table.values),
        new=", ".join(f"excluded.{name}" for name in table.values),
    )
    execute(drop, (organization_id, *columns[: len(table.key)]))
    execute(put, (organization_id, *columns))
