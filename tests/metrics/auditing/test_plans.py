"""How the audit is planned where nobody has looked at the tables yet: no row is tried with every other."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from accounts.models import Organization
from metrics.auditing import counting, proving, statements
from metrics.auditing.boundaries import calendar
from metrics.auditing.drift import MOST_SHOWN
from metrics.auditing.expecting import Audited, ranges
from metrics.auditing.snapshot import fetch, snapshot
from tests.metrics.conftest import NOW

LARGE = ("metrics_segment", "metrics_movement", "metrics_customerbalance")
STATEMENTS = {
    "segments": proving.SEGMENTS,
    "rows": proving.ROWS,
    "departed": counting.DEPARTED,
    "customers": statements.CUSTOMERS,
    "flows of months": statements.flows_of_months("month"),
    "flows of instants": statements.flows_of_months("event"),
}
Plan = dict[str, Any]


def whole(plan: Plan) -> Iterator[Plan]:
    """Yield a plan's nodes, itself first."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from whole(part)


def tried_again(plan: Plan) -> list[str]:
    """Return the kinds of scans that are run once for each row of another side."""
    inner = [node["Plans"][1] for node in whole(plan) if node["Node Type"] == "Nested Loop"]
    return [scan["Node Type"] for one in inner for scan in whole(one) if "Plans" not in scan]


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_audit_tries_no_row_with_every_other_though_nothing_is_analyzed(
    organization: Organization, name: str
) -> None:
    with connections["owner"].cursor() as owner:
        owner.execute(f"TRUNCATE {', '.join(LARGE)}")
    audited = Audited(organization.id, 1, 1, NOW, (uuid4(),), "day", "UTC")
    days = calendar("UTC", NOW.date() - timedelta(days=900), NOW)
    given = {"days": list(days.days), "months": list(days.months), "first": days.first, "most": MOST_SHOWN}
    with snapshot(organization.id):
        (part,) = ranges(audited)
        ((told,),) = fetch(f"EXPLAIN (FORMAT JSON) {STATEMENTS[name]}", {**part, **given})
    (plan,) = json.loads(told) if isinstance(told, str) else told
    # A segment's two bounds are made for each row; nothing is looked through for them.
    assert set(tried_again(plan["Plan"])) <= {"Values Scan"}
