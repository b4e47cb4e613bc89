"""The audit agrees with what the core built, names whatever differs, and writes nothing."""

import ast
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics import definitions
from metrics.auditing import expecting
from metrics.auditing.auditing import FLOWS, SQUARES, audit
from metrics.auditing.counting import DEPARTURES
from metrics.auditing.models import AuditRun
from metrics.auditing.proving import prove
from metrics.auditing.snapshot import execute, fetch, snapshot
from metrics.build.recompute import recompute
from metrics.models import CustomerBalance, DailyRevenue, Movement
from tests.environment import PROJECT
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror, connect, mirrored

# Each table's key, and what makes a row of another key of one.
KEYS = {
    "metrics_customerbalance": ("currency, connection_id, customer_id", "currency = 'xxx'"),
    "metrics_dailyrevenue": ("currency, day", "currency = 'xxx'"),
    "metrics_monthlydepartures": ("currency, month, why", "currency = 'xxx'"),
    "metrics_monthlyrevenue": ("currency, month", "currency = 'xxx'"),
    "metrics_movement": ("currency, date, connection_id, customer_id", "currency = 'xxx'"),
    "metrics_planrevenue": ("currency, month, price_id", "currency = 'xxx'"),
}
# What is added to a column of each table's first row.
PLANTED = [
    *(("metrics_customerbalance", name, f"{name} + 1") for name in ("mrr_micro", "committed_micro")),
    ("metrics_customerbalance", "contracted_micro", "contracted_micro + 1"),
    ("metrics_customerbalance", "since", "since - 1"),
    *(("metrics_dailyrevenue", name, f"{name} + 1") for name in (*FLOWS, *SQUARES)),
    *(("metrics_monthlydepartures", name, f"{name} + 1") for name in DEPARTURES),
    *(("metrics_monthlyrevenue", name, f"{name} - 1") for name in FLOWS),
    ("metrics_movement", "kind", "'churned'"),
    *(("metrics_movement", name, f"{name} + 1") for name in ("amount_micro", "after_micro")),
    ("metrics_movement", "until", "'1999-12-31'"),
    *(("metrics_planrevenue", name, f"{name} + 1") for name in ("net_micro", "items")),
    ("metrics_planrevenue", "product_id", "'prod_other'"),
]


def change(organization_id: UUID, statement: str, table: str) -> None:
    """Change the first row of a table."""
    first = f"ctid = (SELECT ctid FROM {table} WHERE organization_id = %s ORDER BY {KEYS[table][0]} LIMIT 1)"
    with tenant(organization_id), connection.cursor() as cursor:
        cursor.execute(f"{statement} WHERE organization_id = %s AND {first}", [organization_id] * 2)
        assert cursor.rowcount == 1


@contextmanager
def restored(mirror: Mirror, table: str) -> Iterator[None]:
    """Put a table's rows back as they were."""
    with tenant(mirror.organization_id):
        execute(f"CREATE TEMPORARY TABLE kept AS SELECT * FROM {table}")
    yield
    with tenant(mirror.organization_id):
        execute(f"DELETE FROM {table}")
        execute(f"INSERT INTO {table} SELECT * FROM kept")
        execute("DROP TABLE kept")


def found(organization_id: UUID) -> AuditRun:
    run = audit(organization_id)
    assert run is not None
    return run


def named(run: AuditRun) -> list[tuple[str, str]]:
    return sorted((one["table"], one["column"]) for one in run.drift)


@pytest.mark.parametrize(
    ("zone", "window"), [("UTC", "event"), ("America/Los_Angeles", "day"), ("Pacific/Auckland", "month")]
)
def test_what_the_core_built_is_what_the_audit_expects(
    organization: Organization, company: Company, zone: str, window: str
) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone=zone)
    mirrored(organization, company)
    with set_now(NOW):
        with tenant(organization.id):
            definitions.set_definition(organization.id, {"movement_window": window})
        recompute(organization.id)
        run = found(organization.id)
    assert (run.differences, run.drift) == (0, [])
    assert run.customers > 5
    assert run.rows > 50


def test_every_planted_difference_is_named(mirror: Mirror) -> None:
    for table, rows in groupby(PLANTED, key=itemgetter(0)):
        values = ", ".join(f"{column} = {value}" for _, column, value in rows)
        change(mirror.organization_id, f"UPDATE {table} SET {values}", table)
    run = found(mirror.organization_id)
    assert named(run) == sorted((table, column) for table, column, _ in PLANTED)
    assert run.differences == len(KEYS) + 1  # a plan's product is compared by itself
    assert {"stored": "churned", "column": "kind"}.items() <= run.drift[0].items()


def test_each_wrong_column_is_found_by_itself(mirror: Mirror) -> None:
    for table, name, value in PLANTED:
        if table in ("metrics_customerbalance", "metrics_movement"):
            with restored(mirror, table):
                change(mirror.organization_id, f"UPDATE {table} SET {name} = {value}", table)
                assert named(found(mirror.organization_id)) == [(table, name)]


# What two rows exchange leaves every plain sum as it was.
EXCHANGED = (
    "UPDATE metrics_movement AS one SET {0} = other.{0} FROM metrics_movement AS other "
    "WHERE one.ctid IN ('%s', '%s') AND other.ctid IN ('%s', '%s') AND one.ctid <> other.ctid"
)
ENDED = "until IS NOT NULL"
DISGUISED = {
    "UPDATE metrics_movement SET until = NULL WHERE ctid = '%s'": {"until"},
    "UPDATE metrics_movement SET date = date - 3 WHERE ctid = '%s'": {"kind"},
    "UPDATE metrics_movement SET customer_id = customer_id || 'x' WHERE ctid = '%s'": {"kind"},
    # A movement of nothing, between one and the next.
    "WITH one AS (SELECT * FROM metrics_movement WHERE ctid = '%s'), cut AS ("
    "UPDATE metrics_movement AS whole SET until = one.date + 1 FROM one "
    "WHERE (whole.customer_id, whole.date) = (one.customer_id, one.date)"
    ") INSERT INTO metrics_movement SELECT (jsonb_populate_record(NULL::metrics_movement, "
    "to_jsonb(one) || jsonb_build_object('date', one.date + 1, 'kind', 'contraction', 'amount_micro', 0)"
    ")).* FROM one": {"kind", "until"},
    "UPDATE metrics_movement SET kind = CASE kind WHEN 'new' THEN 'reactivation' ELSE 'new' END "
    "WHERE kind IN ('new', 'reactivation')": {"kind"},
    **{EXCHANGED.format(column): {column} for column in ("amount_micro", "after_micro", "until")},
}


def test_no_row_hides_behind_sums_that_hold(mirror: Mirror) -> None:
    for planted, columns in DISGUISED.items():
        with restored(mirror, "metrics_movement"):
            with tenant(mirror.organization_id):
                rows = fetch(f"SELECT ctid FROM metrics_movement WHERE {ENDED} ORDER BY amount_micro, until")
                pair = (rows[0][0], rows[-1][0])
                execute(planted % (pair * 2)[: planted.count("%s")])
            run = found(mirror.organization_id)
            assert set(named(run)) == {("metrics_movement", column) for column in columns}


def test_no_balance_hides_behind_another_day_or_behind_nothing(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        last = Movement.objects.filter(kind="reactivation").latest("date")
        first = Movement.objects.filter(customer_id=last.customer_id).earliest("date")
        balances = CustomerBalance.objects.filter(customer_id=last.customer_id)
    for day in (first.date, last.date + timedelta(days=1)):
        with tenant(mirror.organization_id):
            assert balances.update(since=day) == 1
        assert named(found(mirror.organization_id)) == [("metrics_customerbalance", "since")]
    with tenant(mirror.organization_id):
        balances.update(since=last.date)
        nothing = dict.fromkeys(("mrr_micro", "committed_micro", "contracted_micro"), 0)
        CustomerBalance(**{**balances.values()[0], **nothing, "since": None, "currency": "xxx"}).save()
    assert named(found(mirror.organization_id)) == [("metrics_customerbalance", "mrr_micro")]


def test_no_movement_hides_in_a_chain_of_other_days_or_of_another_order(mirror: Mirror) -> None:
    organization_id, until = mirror.organization_id, ("metrics_movement", "until")
    with tenant(organization_id):
        last = Movement.objects.filter(kind="reactivation").latest("date")
        movements = Movement.objects.filter(customer_id=last.customer_id).order_by("date")
        *_, before, early, late = movements
    with restored(mirror, "metrics_movement"):
        with tenant(organization_id):
            movements.filter(date=early.date).update(until=late.date + timedelta(days=1))
            movements.filter(date=late.date).update(date=late.date + timedelta(days=1))
        assert named(found(organization_id)) == [*[("metrics_movement", "kind")] * 2, until]
    with tenant(organization_id):
        movements.filter(date=before.date).update(until=late.date)
        exchanged = before.after_micro + late.amount_micro
        movements.filter(date=late.date).update(after_micro=exchanged, until=early.date)
        movements.filter(date=early.date).update(after_micro=late.after_micro, until=None)
    assert named(found(organization_id)) == [*[("metrics_movement", "after_micro")] * 2, *[until] * 3]


def test_what_agrees_is_not_compared_row_by_row(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert found(mirror.organization_id).differences == 0
    assert not [one for one in asked if "FULL JOIN" in one["sql"]]
    monkeypatch.setattr(expecting, "prove", lambda *sides: replace(prove(*sides), agrees=False))
    with CaptureQueriesContext(connection) as asked:
        assert found(mirror.organization_id).differences == 0
    assert [one for one in asked if "FULL JOIN" in one["sql"]]


def test_a_first_day_that_nets_to_nothing_makes_the_next_movement_a_return(mirror: Mirror) -> None:
    first = "SELECT * FROM metrics_movement WHERE kind = 'new' ORDER BY date DESC LIMIT 1"
    with tenant(mirror.organization_id):
        execute(
            "CREATE TEMPORARY TABLE passing ON COMMIT DROP AS SELECT segment.* FROM metrics_segment segment "
            f"JOIN ({first}) AS first USING (connection_id, customer_id, currency) "
            "ORDER BY segment.from_at LIMIT 1"
        )
        execute(
            "UPDATE passing SET from_at = date_trunc('day', from_at) - interval '50 hours', "
            "to_at = date_trunc('day', from_at) - interval '49 hours', mrr_micro = 7, committed_micro = 7"
        )
        execute("INSERT INTO metrics_segment SELECT * FROM passing")
    assert [one["column"] for one in found(mirror.organization_id).drift][:1] == ["kind"]
    with tenant(mirror.organization_id):
        execute(
            "UPDATE metrics_movement SET kind = 'reactivation' "
            f"WHERE (customer_id, date) IN (SELECT customer_id, date FROM ({first}) AS first)"
        )
    with CaptureQueriesContext(connection) as asked:
        run = found(mirror.organization_id)
    assert {one["table"] for one in run.drift} == {"metrics_dailyrevenue", "metrics_monthlyrevenue"}
    assert not [one for one in asked if "FULL JOIN" in one["sql"]]


def test_a_row_too_few_and_a_row_too_many_are_named(mirror: Mirror) -> None:
    for table, (_, other) in KEYS.items():
        change(mirror.organization_id, f"UPDATE {table} SET {other}", table)
    run = found(mirror.organization_id)
    for table in KEYS:
        sides = [
            (one["stored"] is None, one["expected"] is None) for one in run.drift if one["table"] == table
        ]
        assert sorted(sides) == [(False, True), (True, False)]
    assert run.differences == 2 * len(KEYS)


def test_ranges_side_by_side_find_the_same(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    change(mirror.organization_id, "DELETE FROM metrics_movement", "metrics_movement")
    whole = found(mirror.organization_id)
    monkeypatch.setattr(expecting, "ROWS_AT_ONCE", 3)
    parts = found(mirror.organization_id)
    assert (parts.customers, parts.rows, parts.drift) == (whole.customers, whole.rows, whole.drift)
    assert parts.differences == whole.differences == 1


def test_days_before_the_first_stored_one_are_missed(mirror: Mirror) -> None:
    with tenant(mirror.organization_id):
        days = DailyRevenue.objects.order_by("day").values_list("day", flat=True)
        gone, _ = DailyRevenue.objects.filter(day__lte=days[1]).delete()
    run = found(mirror.organization_id)
    assert {one["table"] for one in run.drift} == {"metrics_dailyrevenue"}
    assert run.differences == gone > 0


def test_an_audit_can_write_nothing(mirror: Mirror) -> None:
    with pytest.raises(DatabaseError, match="read-only"), snapshot(mirror.organization_id):
        Movement.objects.all().delete()


def test_another_organization_is_not_audited(mirror: Mirror, other_organization: Organization) -> None:
    connect(other_organization, generate(seed=12, size=1, now=NOW))
    assert audit(other_organization.id) is None
    with tenant(other_organization.id):
        assert not AuditRun.objects.exists()


def test_the_command_says_what_differs_and_fails(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "acme")
    assert capsys.readouterr().out.endswith("0 differ\n")
    change(mirror.organization_id, "UPDATE metrics_movement SET amount_micro = 7", "metrics_movement")
    with pytest.raises(SystemExit) as ended:
        call_command("audit", "acme", "--json")
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert json.loads(told.out)["drift"][0]["stored"] == "7"
    assert "manage.py recompute acme" in told.err


def test_the_command_says_what_to_do_before_the_first_build(organization: Organization) -> None:
    with pytest.raises(CommandError, match=r"manage\.py sync acme"):
        call_command("audit", "acme")


def test_the_audit_shares_no_arithmetic_with_the_build() -> None:
    targets = {
        node.module
        for path in (PROJECT / "metrics" / "auditing").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert "metrics.auditing.expecting" in targets
    shared = ("metrics.core", "metrics.build", "metrics.flows", "metrics.periods", "metrics.months")
    assert not [name for name in targets if name.startswith(shared)]
