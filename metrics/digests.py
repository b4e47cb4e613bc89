"""The facts of our tables for the digest: what the current build holds, without its number or its hour."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import TenantModel
from billing_sync.digest import Row, connection_names, register
from metrics import models
from metrics.built import Built
from metrics.queries import current

AT_ONCE = 2_000
# Ours alone, or the time of computing.
LEFT_OUT = {
    "pk",
    "organization",
    "definition_version",
    "build",
    "created_at",
    "created_by",
    "computed_at",
    "data_through",
    "connection_ids",
    "edition",
}


def _built(model: type[Built], organization_id: UUID) -> Iterator[Row]:
    return _facts(current(model._default_manager.all(), organization_id), organization_id)


def _plain(model: type[TenantModel], organization_id: UUID) -> Iterator[Row]:
    return _facts(model._default_manager.filter(organization_id=organization_id), organization_id)


def _facts(rows: QuerySet[Any], organization_id: UUID) -> Iterator[Row]:
    names = connection_names(organization_id)
    columns = [one.name for one in rows.model._meta.concrete_fields if one.name not in LEFT_OUT]
    for row in rows.values_list(*columns).iterator(AT_ONCE):
        yield tuple(names[value] if isinstance(value, UUID) else value for value in row)


for _model in (
    models.Segment,
    models.Movement,
    models.CustomerBalance,
    models.DailyRevenue,
    models.MonthlyRevenue,
    models.PlanRevenue,
    models.MonthlyDepartures,
):
    register(_model._meta.db_table, partial(_built, _model))
for _table in (
    models.Definition,
    models.Configuration,
    models.InvoicedLine,
    models.UnusedFact,
    models.DatedChange,
    models.FailedInvoice,
    models.DailyFailures,
):
    register(_table._meta.db_table, partial(_plain, _table))
