from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import override_settings

from accounts import jobs
from accounts.models import AuditEntry, Job, Organization
from accounts.tenancy import tenant
from billing_sync import disconnecting, pages
from billing_sync.connecting import connect
from billing_sync.models import Connection, Event, SyncCursor, WebhookEndpoint, WebhookRoute
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.keys import FULL_KEY, WEBHOOK_KEY
from billing_sync.sandbox.server import serving
from billing_sync.syncing import SyncFailed, sync
from config.clock import set_now
from tests.billing_sync.accounts import NOW, connected, connection_of, facts, rows
from tests.cast import Person

Serve = Callable[..., Any]
State = Connection.State


@pytest.fixture
def base_url(sandbox: Serve) -> str:
    return str(sandbox(size=3).base_url)


@pytest.fixture
def leave(organization: Organization, owner: Person) -> Callable[..., None]:
    """End the organization's connection, or the one given, without working on the jobs."""

    def left(*, keep: bool, connection: Connection | None = None) -> None:
        with tenant(organization.id):
            ended = connection or Connection.objects.get(organization_id=organization.id)
            disconnecting.disconnect(ended, keep=keep, by=owner.user)

    return left


def finish(organization: Organization) -> None:
    jobs.run_until_idle(organization.id)


def counted(connection: Connection) -> dict[str, int]:
    """Return how many rows each table of the database has of a connection, those with none left out."""
    found: dict[str, int] = {}
    with tenant(connection.organization_id), database.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'connection_id' AND table_schema = 'public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE connection_id = %s', [connection.id])
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def actions(organization: Organization) -> list[str]:
    with tenant(organization.id):
        return list(AuditEntry.objects.order_by("at", "id").values_list("action", flat=True))


def test_keeping_forgets_the_key_and_nothing_else(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    before, stored = counted(connection_of(organization)), facts(organization)
    leave(keep=True)
    left = connection_of(organization)
    assert (left.state, bytes(left.key_encrypted), left.key_hint) == (State.DISCONNECTED, b"", "")
    finish(organization)
    assert facts(organization) == stored
    assert counted(left) == before
    assert "connection.disconnected" in actions(organization)


def test_a_sync_waits_for_no_account_that_was_left(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    leave(keep=True)
    with tenant(organization.id):
        SyncCursor.objects.update(state=SyncCursor.State.READING)
    with pytest.raises(SyncFailed, match="Nothing is connected"):
        sync(organization.id)


def test_what_was_queued_for_a_left_account_ends_quietly(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    left = connection_of(organization)
    with tenant(organization.id):
        for kind in ("check_connection", "poll_events"):
            jobs.enqueue(organization.id, kind, str(left.id))
        SyncCursor.objects.filter(resource="invoices").update(state=SyncCursor.State.READING)
        jobs.enqueue(organization.id, "backfill", f"{left.id}:invoices")
    leave(keep=True)
    finish(organization)
    assert connection_of(organization).state == State.DISCONNECTED
    assert not Job.objects.exclude(last_error="").exists()


def test_deleting_leaves_no_row_of_the_account_in_any_table(
    organization: Organization, base_url: str, leave: Callable[..., None], sandbox: Serve
) -> None:
    connected(organization, sandbox(size=3, seed=8).base_url)
    remaining, stored = connection_of(organization), facts(organization)
    connected(organization, base_url)
    with tenant(organization.id):
        gone = Connection.objects.exclude(id=remaining.id).get()
    assert len(counted(gone)) > 15
    leave(keep=False, connection=gone)
    finish(organization)
    assert counted(gone) == {}
    assert connection_of(organization).id == remaining.id
    assert facts(organization) == stored
    assert actions(organization)[-2:] == ["connection.deletion_begun", "connection.deleted"]


def test_a_deletion_goes_on_slice_by_slice_where_it_was(
    organization: Organization,
    base_url: str,
    leave: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected(organization, base_url)
    left = connection_of(organization)
    monkeypatch.setattr(disconnecting, "AT_ONCE", 20)
    leave(keep=False)
    before = sum(counted(left).values())
    assert disconnecting.step(organization.id, left.id) is jobs.MORE
    assert sum(counted(left).values()) == before - 20
    assert connection_of(organization).state == State.DELETING
    finish(organization)
    assert counted(left) == {}


def test_a_deletion_waits_for_the_work_that_may_still_write(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    left = connection_of(organization)
    leave(keep=False)
    reading = Job.objects.filter(kind="backfill")
    reading.update(state=Job.State.RUNNING)
    stored = counted(left)
    assert isinstance(disconnecting.step(organization.id, left.id), jobs.Later)
    assert counted(left) == stored
    reading.update(state=Job.State.DONE)
    assert disconnecting.step(organization.id, left.id) is jobs.MORE


def test_what_was_queued_for_a_deleted_account_ends_quietly(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    left = connection_of(organization)
    leave(keep=False)
    finish(organization)
    with tenant(organization.id):
        for kind, key in (
            ("backfill", f"{left.id}:invoices"),
            ("poll_events", str(left.id)),
            ("check_connection", str(left.id)),
            ("disconnect", str(left.id)),
        ):
            jobs.enqueue(organization.id, kind, key)
    finish(organization)
    assert not Job.objects.exclude(last_error="").exists()
    assert counted(left) == {}


def test_an_import_that_never_ended_can_only_be_deleted(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connect(organization.id, api_key=FULL_KEY, api_base=base_url)
    jobs.run(jobs.job_id(organization.id, "check_connection", str(connection_of(organization).id)))
    importing = connection_of(organization)
    assert importing.state == State.IMPORTING
    leave(keep=True)
    assert connection_of(organization).state == State.IMPORTING
    leave(keep=False)
    finish(organization)
    assert counted(importing) == {}


def test_work_in_progress_does_not_bring_back_an_import_that_was_left(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connect(organization.id, api_key=FULL_KEY, api_base=base_url)
    jobs.run(jobs.job_id(organization.id, "check_connection", str(connection_of(organization).id)))
    importing = connection_of(organization)
    leave(keep=False)
    with tenant(organization.id):
        SyncCursor.objects.update(state=SyncCursor.State.COMPLETE)
        pages.conclude(importing)
    left = connection_of(organization)
    assert (left.state, left.imported_at) == (State.DELETING, None)


def test_an_endpoint_that_we_made_is_deleted_in_stripe_and_then_the_key_forgotten(
    organization: Organization, leave: Callable[..., None]
) -> None:
    sandbox = Sandbox(generate(seed=7, size=2, now=NOW))
    with serving(sandbox) as base_url, override_settings(WEBHOOKS=True):
        connected(organization, base_url, WEBHOOK_KEY)
        assert len(list(sandbox.webhooks)) == 1
        leave(keep=True)
        assert connection_of(organization).key_encrypted
        finish(organization)
    left = connection_of(organization)
    assert (left.state, bytes(left.key_encrypted), left.key_hint) == (State.DISCONNECTED, b"", "")
    assert len(list(sandbox.webhooks)) == 0
    with tenant(organization.id):
        assert not WebhookEndpoint.objects.exists()
    assert not WebhookRoute.objects.exists()


def test_a_stripe_that_does_not_answer_keeps_no_key_here(
    organization: Organization, leave: Callable[..., None]
) -> None:
    sandbox = Sandbox(generate(seed=7, size=2, now=NOW))
    with serving(sandbox) as base_url, override_settings(WEBHOOKS=True):
        connected(organization, base_url, WEBHOOK_KEY)
        sandbox.misbehave(Faults(error=1000))
        leave(keep=True)
        finish(organization)
    assert bytes(connection_of(organization).key_encrypted) == b""
    assert not WebhookRoute.objects.exists()


def test_the_same_account_connected_again_continues(
    organization: Organization, leave: Callable[..., None]
) -> None:
    sandbox = Sandbox(generate(seed=7, size=6, now=NOW))
    with serving(sandbox) as base_url, set_now(NOW):
        connected(organization, base_url)
        first = connection_of(organization)
        leave(keep=True)
        finish(organization)
        sandbox.advance(int((NOW + timedelta(days=5)).timestamp()))
        read_before = rows(organization, SyncCursor, "resource", "completed_at")
        with set_now(NOW + timedelta(days=5)):
            connect(organization.id, api_key=FULL_KEY, api_base=base_url)
            finish(organization)
            again = connection_of(organization)
    assert (again.id, again.imported_at, again.state) == (first.id, first.imported_at, State.LIVE)
    lists = [row for row in read_before if row[0] != "event_poll"]
    assert set(lists) <= set(rows(organization, SyncCursor, "resource", "completed_at"))
    with tenant(organization.id):
        assert Event.objects.filter(created_at__gt=NOW).exists()
    assert again.data_through == NOW + timedelta(days=5)


def test_after_a_month_away_the_lists_are_read_again(
    organization: Organization, other_organization: Organization, leave: Callable[..., None]
) -> None:
    sandbox, later = Sandbox(generate(seed=7, size=6, now=NOW)), NOW + timedelta(days=45)
    with serving(sandbox) as base_url, set_now(NOW):
        connected(organization, base_url)
        leave(keep=True)
        finish(organization)
        sandbox.advance(int(later.timestamp()))
        with set_now(later):
            connected(organization, base_url)
            connected(other_organization, base_url)
    events = {"billing_sync_event"}
    mine, fresh = (
        facts(organization, without=events),
        facts(other_organization, without=events),
    )
    assert mine == fresh


def test_after_a_deletion_the_account_starts_anew(
    organization: Organization, base_url: str, leave: Callable[..., None]
) -> None:
    connected(organization, base_url)
    first, stored = connection_of(organization), facts(organization)
    leave(keep=False)
    connect(organization.id, api_key=FULL_KEY, api_base=base_url)
    finish(organization)
    sync(organization.id)
    assert connection_of(organization).id != first.id
    assert facts(organization) == stored
