"""The tables summed again from the stored segments, against the build's, drift, and plain SQL."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Organization
from accounts.tenancy import tenant
from benchmarks import computing_rows
from benchmarks.computing_work import ours, postgresql
from config.clock import set_now
from metrics import definitions
from metrics.build import columns
from metrics.build.recompute import recompute
from metrics.build.resum import resum
from metrics.models import DailyRevenue, MonthlyDepartures, MonthlyRevenue, Movement, PlanRevenue
from metrics.payments.models import LONGEST
from tests.metrics import departures
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror

CUSTOMERS = 300


def tables(mirror: Mirror) -> list[list[tuple[Any, ...]]]:
    with tenant(mirror.organization_id):
        return [
            sorted(model._default_manager.values_list(), key=repr)
            for model in (DailyRevenue, MonthlyRevenue, PlanRevenue, MonthlyDepartures)
        ]


@pytest.mark.parametrize("window", ["month", "event"])
def test_nothing_differs_from_what_a_build_wrote(mirror: Mirror, window: str) -> None:
    assert resum(mirror.organization_id) == 0
    with set_now(NOW):
        with tenant(mirror.organization_id):
            settings = {"movement_window": window, "time_zone": "Asia/Kolkata"}
            definitions.set_definition(mirror.organization_id, settings)
        recompute(mirror.organization_id)
    assert resum(mirror.organization_id) == 0


def test_a_command_puts_drifted_rows_right(mirror: Mirror, capsys: pytest.CaptureFixture[str]) -> None:
    before = tables(mirror)
    with tenant(mirror.organization_id), connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_dailyrevenue SET new_micro = new_micro + 1 WHERE new_micro > 0")
        drifted = cursor.rowcount
        cursor.execute("UPDATE metrics_monthlyrevenue SET month = month + 40000")
        moved = cursor.rowcount
        cursor.execute("DELETE FROM metrics_planrevenue")
        lost = cursor.rowcount
        cursor.execute("UPDATE metrics_monthlydepartures SET why = why || ' x', customers = customers + 1")
        departed = cursor.rowcount
    assert tables(mirror) != before
    slug = Organization.objects.get(id=mirror.organization_id).slug
    call_command("recompute", slug, "--tables")
    assert tables(mirror) == before
    assert f"{drifted + 2 * (moved + departed) + lost} rows" in capsys.readouterr().err


def test_departures_are_counted_whatever_words_tell_of_them(mirror: Mirror) -> None:
    organization_id = mirror.organization_id
    with tenant(organization_id):
        one = Movement.objects.filter(kind="churn").order_by("pk")[0]
        Movement.objects.filter(pk=one.pk).update(reasons=["a", "é" * LONGEST])
    assert resum(organization_id) > 0
    assert any(len(why) == LONGEST for _, _, why in departures.stored(organization_id))
    with set_now(NOW):
        recompute(organization_id, [(one.connection_id, one.customer_id)])
    assert departures.stored(organization_id) == departures.plainly(organization_id)
    assert resum(organization_id) == 0


def test_random_customers_come_to_what_plain_sql_makes_of_them(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert computing_rows.write(organization.id, CUSTOMERS) > 3 * CUSTOMERS
    # Many batches, so that payers are cut between them.
    monkeypatch.setattr(columns, "BATCH_BYTES", 4_000)
    assert ours(organization.id) == postgresql(organization.id) != {}
