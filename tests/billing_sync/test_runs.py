import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection as database

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import runs
from billing_sync.models import Connection, SyncRun
from billing_sync.stripe_errors import StripeTroubleError
from config.clock import set_now

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
Kind = SyncRun.Kind


@dataclass(frozen=True)
class Metered:
    requests: int
    waited_ms: int


def made(organization: Organization) -> Connection:
    with tenant(organization.id):
        return Connection.objects.create(
            organization_id=organization.id, id=uuid.uuid4(), kind=Connection.Kind.RESTRICTED_KEY
        )


def run_of(connection: Connection, run_id: uuid.UUID) -> SyncRun:
    with tenant(connection.organization_id):
        return SyncRun.objects.get(organization_id=connection.organization_id, id=run_id)


def test_a_run_that_is_open_is_found_again(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        first = runs.begin(connection, Kind.NIGHTLY)
        assert runs.begin(connection, Kind.NIGHTLY) == first
        assert runs.begin(connection, Kind.IMPORT) != first
        runs.end(connection, first)
        assert runs.begin(connection, Kind.NIGHTLY) != first


def test_two_that_begin_at_once_share_one_run(organization: Organization) -> None:
    connection, found = made(organization), []
    gate = threading.Barrier(4)

    def begin() -> None:
        gate.wait()
        with tenant(organization.id):
            found.append(runs.begin(connection, Kind.IMPORT))
        database.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_what_each_slice_cost_adds_up(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        run_id = runs.begin(connection, Kind.WEEKLY)
        runs.progress(connection, run_id, Metered(3, 40), 250)
        runs.progress(connection, run_id, Metered(2, 0), 120)
    run = run_of(connection, run_id)
    assert (run.requests, run.waited_ms, run.objects_read) == (5, 40, 370)


def test_a_run_ends_once(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        run_id = runs.begin(connection, Kind.NIGHTLY)
        with set_now(NOW):
            runs.end(connection, run_id)
        runs.end(connection, run_id, "too late")
    run = run_of(connection, run_id)
    assert (run.state, run.ended_at, run.error) == (SyncRun.State.DONE, NOW, "")


def test_an_error_keeps_the_request_id_of_stripe(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        run_id = runs.begin(connection, Kind.NIGHTLY)
        runs.end(connection, run_id, StripeTroubleError("Stripe answered with 500.", request_id="req_9"))
    run = run_of(connection, run_id)
    assert (run.state, run.error, run.request_id) == ("failed", "Stripe answered with 500.", "req_9")


def test_trouble_on_the_way_stays_noted_on_a_run_that_ends_well(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        run_id = runs.begin(connection, Kind.IMPORT)
        runs.trouble(connection, run_id, StripeTroubleError("It broke.", request_id="req_1"))
        runs.end(connection, run_id)
    run = run_of(connection, run_id)
    assert (run.state, run.error, run.request_id) == ("done", "It broke.", "req_1")


def test_a_connection_that_stops_ends_its_open_runs(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id):
        ended = runs.begin(connection, Kind.EVENTS)
        runs.end(connection, ended)
        open_run = runs.begin(connection, Kind.IMPORT)
        runs.end_all(connection, "The key was revoked.")
    assert run_of(connection, ended).error == ""
    assert run_of(connection, open_run).error == "The key was revoked."


def test_old_uneventful_readings_are_dropped_and_nothing_else(organization: Organization) -> None:
    connection = made(organization)
    with tenant(organization.id), set_now(NOW):
        quiet = runs.begin(connection, Kind.EVENTS)
        runs.end(connection, quiet)
        troubled = runs.begin(connection, Kind.EVENTS)
        runs.end(connection, troubled, "It broke.")
        nightly = runs.begin(connection, Kind.NIGHTLY)
        runs.end(connection, nightly)
    with tenant(organization.id), set_now(NOW + timedelta(days=29)):
        runs.forget_uneventful(connection)
        assert SyncRun.objects.filter(organization_id=organization.id).count() == 3
    with tenant(organization.id), set_now(NOW + timedelta(days=31)):
        runs.forget_uneventful(connection)
        left = SyncRun.objects.filter(organization_id=organization.id).values_list("id", flat=True)
        assert set(left) == {troubled, nightly}
