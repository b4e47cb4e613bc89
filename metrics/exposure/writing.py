"""Diagnoses as rows: only those that differ are written, and the totals move by as much."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from metrics.build.rows import Row, Table
from metrics.build.write import Scope, bring, execute
from metrics.exposure.diagnoses import Diagnosis

EXPOSURE = Table(
    "metrics_exposure",
    {
        "connection_id": "uuid",
        "customer_id": "text",
        "currency": "text",
        "diagnosis": "text",
        "amount_micro": "bigint",
        "due_at": "instant",
        "leads": "boolean",
        "detail": "document",
    },
    ("connection_id", "customer_id", "currency", "diagnosis"),
    built=False,
)
COLUMNS = ", ".join(EXPOSURE.columns)
KEY = ", ".join(EXPOSURE.key)
TOTALS = """
SELECT currency, diagnosis, way AS customers, way * amount_micro AS amount_micro FROM {moved}
UNION ALL SELECT currency, '', way, way * amount_micro FROM {moved} WHERE leads
"""
REPLACE = f"""
WITH found AS MATERIALIZED (SELECT {COLUMNS} FROM incoming_metrics_exposure),
held AS MATERIALIZED (
    SELECT {COLUMNS} FROM metrics_exposure AS old WHERE organization_id = %s AND {{scope}}
), gone AS (
    DELETE FROM metrics_exposure AS old USING (SELECT {KEY} FROM held EXCEPT SELECT {KEY} FROM found) AS lost
    WHERE old.organization_id = %s AND old.connection_id = lost.connection_id
      AND old.customer_id = lost.customer_id AND old.currency = lost.currency
      AND old.diagnosis = lost.diagnosis
), come AS (
    INSERT INTO metrics_exposure (organization_id, {COLUMNS})
    SELECT %s, changed.* FROM (TABLE found EXCEPT TABLE held) AS changed
    ON CONFLICT (organization_id, {KEY}) DO UPDATE SET amount_micro = excluded.amount_micro,
        due_at = excluded.due_at, leads = excluded.leads, detail = excluded.detail
), moved AS MATERIALIZED (
    SELECT currency, diagnosis, leads, amount_micro, 1 AS way FROM found
    UNION ALL SELECT currency, diagnosis, leads, amount_micro, -1 FROM held
)
INSERT INTO metrics_exposuretotal AS present (organization_id, currency, diagnosis, customers, amount_micro)
SELECT %s, currency, diagnosis, sum(customers), sum(amount_micro) FROM ({TOTALS.format(moved="moved")}) AS one
GROUP BY currency, diagnosis HAVING sum(customers) <> 0 OR sum(amount_micro) <> 0
ON CONFLICT (organization_id, currency, diagnosis) DO UPDATE
SET customers = present.customers + excluded.customers,
    amount_micro = present.amount_micro + excluded.amount_micro
"""  # noqa: S608 - constants of this module, as below
DROP_OTHERS = "DELETE FROM metrics_exposure WHERE organization_id = %s AND connection_id <> ALL(%s)"
FORGET_TOTALS = "DELETE FROM metrics_exposuretotal WHERE organization_id = %s"
SUM_TOTALS = f"""
WITH moved AS (
    SELECT currency, diagnosis, leads, amount_micro, 1 AS way FROM metrics_exposure WHERE organization_id = %s
)
INSERT INTO metrics_exposuretotal (organization_id, currency, diagnosis, customers, amount_micro)
SELECT %s, currency, diagnosis, sum(customers), sum(amount_micro) FROM ({TOTALS.format(moved="moved")}) AS one
GROUP BY currency, diagnosis
"""  # noqa: S608


def rows_of(connection_id: UUID, found: Mapping[str, Iterable[Diagnosis]]) -> list[Row]:
    """Return the rows of some customers' diagnoses."""
    return [
        (
            connection_id,
            customer_id,
            one.currency,
            one.diagnosis,
            one.amount_micro,
            one.due_at,
            one.leads,
            _detail(one),
        )
        for customer_id, diagnoses in found.items()
        for one in diagnoses
    ]


def _detail(one: Diagnosis) -> dict[str, object]:
    told: dict[str, object] = {"subscriptions": list(one.subscriptions)}
    # Text: JSON's numbers lose what is beyond 2**53 in some readers.
    told |= {"beside_micro": str(one.beside_micro)} if one.beside_micro else {}
    return told | ({"canceled": True} if one.canceled else {})


def replace(organization_id: UUID, scope: Scope, rows: Iterable[Row]) -> None:
    """Make a scope's diagnoses equal to the given ones."""
    bring(EXPOSURE, rows)
    sql = REPLACE.format(scope=scope.condition())
    execute(sql, (organization_id, *scope.values(), organization_id, organization_id, organization_id))


def begin(organization_id: UUID, connection_ids: Iterable[UUID]) -> None:
    """Forget accounts that are no longer summed, and sum the totals anew."""
    execute(DROP_OTHERS, (organization_id, list(connection_ids)))
    execute(FORGET_TOTALS, (organization_id,))
    execute(SUM_TOTALS, (organization_id, organization_id))
