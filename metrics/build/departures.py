"""Customers who left by month and reason: summed from the movements as they are written."""

from collections.abc import Iterable, Sequence
from datetime import date

from metrics.build.load import fetch
from metrics.build.rows import Row
from metrics.build.write import Build
from metrics.payments.models import LONGEST, WHY

OWN = "organization_id = %(organization)s AND definition_version = %(version)s AND build = %(build)s"
KEY = "currency, month, why"
SUMS = "customers, lost_micro"
COUNT_AGAIN = f"""
WITH counted AS MATERIALIZED (
    SELECT currency, date_trunc('month', date)::date AS month, {WHY} AS why,
           count(*) AS customers, -sum(amount_micro) AS lost_micro
    FROM metrics_movement WHERE {OWN} AND kind = 'churn' GROUP BY 1, 2, 3
), held AS MATERIALIZED (SELECT {KEY}, {SUMS} FROM metrics_monthlydepartures WHERE {OWN}),
changed AS (TABLE counted EXCEPT TABLE held),
lost AS (SELECT {KEY} FROM held EXCEPT SELECT {KEY} FROM counted),
gone AS (
    DELETE FROM metrics_monthlydepartures WHERE {OWN} AND ({KEY}) IN (TABLE lost)
), come AS (
    INSERT INTO metrics_monthlydepartures (organization_id, definition_version, build, {KEY}, {SUMS})
    SELECT %(organization)s, %(version)s, %(build)s, changed.* FROM changed
    ON CONFLICT (organization_id, definition_version, build, {KEY})
    DO UPDATE SET ({SUMS}) = (excluded.customers, excluded.lost_micro)
)
SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM lost)
"""  # noqa: S608 - constants of this module

# A currency, the first day of a month, and why; how many left so, and the MRR that they took.
Departed = tuple[str, date, str]
Left = dict[Departed, list[int]]


def leave(left: Left, currency: str, on: date, reasons: Sequence[str], amount_micro: int, way: int) -> None:
    """Count one departure, or with -1 take it out."""
    sums = left.setdefault((currency, on.replace(day=1), " ".join(reasons)[:LONGEST]), [0, 0])
    sums[0] += way
    sums[1] -= way * amount_micro


def take_out(left: Left, movements: Iterable[Row]) -> None:
    """Take stored movements out of the sums, so far as a customer left by them."""
    for _, on, currency, kind, amount_micro, _, _, reasons, *_ in movements:
        if kind == "churn":
            leave(left, currency, on, reasons, amount_micro, -1)


def count_again(build: Build) -> int:
    """Sum a build's stored movements again; return how many rows differed."""
    bound = {
        "organization": build.organization_id,
        "version": build.definition_version,
        "build": build.number,
    }
    ((differed,),) = fetch(COUNT_AGAIN, bound)
    return int(differed)
