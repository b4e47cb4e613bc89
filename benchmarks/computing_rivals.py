"""What others would compute the tables with, from and to the same PostgreSQL: WAY SLUG; prints JSON."""

from typing import Any
from uuid import UUID

import duckdb as engine
import pandas as pd

from benchmarks.computing_work import (  # first, for it sets Django up
    CREATE,
    FIRST,
    LAST,
    PUT,
    Ways,
    main,
    timed,
)

from django.db import connection  # isort: skip

from accounts.tenancy import adbc, tenant
from benchmarks.computing_rows import NOW
from benchmarks.computing_sql import SEGMENT, SPINE, Monthly, monthly


def _arrow(organization_id: UUID) -> Any:
    with timed("read"), adbc(organization_id) as bulk, bulk.cursor() as cursor:
        cursor.execute(SEGMENT.format(organization=organization_id, now=NOW.isoformat()))
        return cursor.fetch_arrow_table()


def _write(organization_id: UUID, found: list[tuple[Any, ...]]) -> Monthly:
    with timed("write"), tenant(organization_id), connection.cursor() as cursor:
        cursor.execute(CREATE)
        cursor.executemany(PUT, found)
    return monthly(found)


def duckdb(organization_id: UUID) -> Monthly:
    """Read by ADBC, run the spine in DuckDB, write the result back."""
    segment = _arrow(organization_id)
    with timed("compute"):
        database = engine.connect()
        database.register("segment", segment)
        found = database.execute(SPINE.format(first=FIRST, last=LAST, series="series (month)")).fetchall()
    return _write(organization_id, found)


def pandas(organization_id: UUID) -> Monthly:
    """Read by ADBC, compare month ends in a notebook's way, write the result back."""
    segment = _arrow(organization_id)
    with timed("compute"):
        found = _notebook(segment.to_pandas())
    return _write(organization_id, found)


def _notebook(frame: Any) -> list[tuple[Any, ...]]:
    whose = ["customer_id", "currency"]
    ends = {}
    for month in pd.date_range(FIRST, LAST, freq="MS"):
        until = month + pd.offsets.MonthBegin(1)
        alive = frame[(frame["from_at"] < until) & (frame["to_at"].isna() | (frame["to_at"] >= until))]
        ends[month] = alive.groupby(whose)["mrr_micro"].sum()
    first = frame.groupby(whose)["from_at"].min()
    balances = pd.DataFrame(ends).reindex(first.index).fillna(0).astype("int64")
    found, before = [], balances.iloc[:, 0] * 0
    for month in balances.columns:
        after = balances[month]
        change, began = after - before, first >= month
        parts = (
            change.where((before == 0) & began, 0),
            change.where((before > 0) & (change > 0), 0),
            change.where((before == 0) & ~began, 0),
            -change.where((after > 0) & (change < 0), 0),
            before.where(after == 0, 0),
        )
        sums = pd.concat(parts, axis=1).groupby(level="currency").sum()
        found += [(row[0], month.date(), *map(int, row[1:])) for row in sums.itertuples(name=None)]
        before = after
    return found


WAYS: Ways = {"duckdb": duckdb, "pandas": pandas}

if __name__ == "__main__":
    main(WAYS)
