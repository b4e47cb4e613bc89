"""Large files: piece by piece, going on where a dead worker left off, never of two builds."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from accounts import jobs
from accounts.models import AuditEntry, Job
from accounts.tenancy import tenant
from config import clock
from dashboards.exports import making, working
from dashboards.jobs import make_export, purge_exports
from dashboards.models import Export, ExportPiece
from metrics.models import CurrentBuild, Movement
from tests.dashboards.exports.conftest import Exporter
from tests.dashboards.exports.reading import of_csv
from tests.metrics.conftest import NOW

PIECE = 7


class Death(BaseException):
    """A worker's end, which nothing in it handles."""


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch, exporter: Exporter) -> Iterator[None]:
    """Leave every file to a job that writes it in small pieces, and none behind."""
    monkeypatch.setattr(making, "AT_ONCE", 0)
    monkeypatch.setattr(working, "PIECE", PIECE)
    yield
    with tenant(exporter.organization.id):
        ExportPiece.objects.all().delete()
        Export.objects.all().delete()
    Job.objects.filter(kind__in=(making.JOB, making.PURGE)).delete()


def asked(exporter: Exporter, table: str = "movements", form: str = "csv", **parameters: str) -> Export:
    answer = exporter.ask(table, form, **parameters)
    assert (answer.status_code, answer["Location"]) == (302, "/o/acme/data/")
    with tenant(exporter.organization.id):
        waiting = Export.objects.filter(table=table, format=form, state__in=making.MAKING)
        return waiting.get(parameters__contains=parameters)


def again(export: Export) -> Export:
    with tenant(export.organization_id):
        export.refresh_from_db()
    return export


def work(export: Export) -> Export:
    make_export(export.organization_id, str(export.id))
    return again(export)


def content(exporter: Exporter, export: Export) -> bytes:
    answer = exporter.client.get(f"/o/acme/data/exports/{export.id}/file")
    assert answer.status_code == 200
    return answer.getvalue()


@pytest.fixture
def whole(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Give the same file as it is made at once."""
    with monkeypatch.context() as patch:
        patch.setattr(making, "AT_ONCE", 5_000)
        return exporter.content("movements")


def after_pieces(count: int, deed: Callable[[], None]) -> Callable[[], None]:
    """Return a `progressed` that does something once, after so many pieces."""
    pieces = iter(range(1, 1_000))

    def progressed() -> None:
        if next(pieces) == count:
            deed()

    return progressed


def die() -> None:
    raise Death


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("table", ["movements", "excluded", "days", "refunds", "stripe_mrr_per_subscriber"])
def test_a_file_in_pieces_is_the_file_in_one(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, table: str, form: str
) -> None:
    export = work(asked(exporter, table, form))
    assert (export.state, export.pieces, export.rows) == ("ready", export.rows // PIECE + 1, export.rows)
    monkeypatch.setattr(making, "AT_ONCE", 5_000)
    told = content(exporter, export)
    assert told == exporter.content(table, form)
    assert len(told) == export.size


def test_a_worker_that_dies_is_followed_at_its_last_piece(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    export = asked(exporter)
    monkeypatch.setattr(jobs, "progressed", after_pieces(2, die))
    with pytest.raises(Death):
        work(export)
    assert (again(export).state, export.pieces, export.rows) == ("working", 2, 2 * PIECE)
    written: list[int] = []
    monkeypatch.setattr(jobs, "progressed", lambda: written.append(again(export).pieces))
    work(export)
    assert written[0] == 3
    assert content(exporter, export) == whole


def test_a_file_that_is_read_as_it_comes_is_begun_again(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked(exporter, "excluded", month="2026-10", currency="usd")
    with monkeypatch.context() as patch:
        patch.setattr(working, "_hold_still", lambda export: die())
        with pytest.raises(Death):
            work(export)
    assert (again(export).state, export.pieces) == ("waiting", 0)
    assert work(export).state == "ready"


def test_rows_that_change_meanwhile_stay_as_they_were(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    def change(by: int) -> None:
        with tenant(exporter.organization.id):
            Movement.objects.update(amount_micro=F("amount_micro") + by)

    export = asked(exporter)
    monkeypatch.setattr(jobs, "progressed", after_pieces(1, lambda: change(1)))
    work(export)
    change(-1)
    assert content(exporter, export) == whole


def test_a_file_begun_with_an_older_build_is_begun_again_with_the_newer(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    export = asked(exporter)
    monkeypatch.setattr(jobs, "progressed", after_pieces(2, die))
    with pytest.raises(Death):
        work(export)
    later = NOW + timedelta(seconds=1)
    with tenant(exporter.organization.id):
        before = CurrentBuild.objects.get().computed_at
        CurrentBuild.objects.update(computed_at=later)
    try:
        monkeypatch.setattr(jobs, "progressed", lambda: None)
        assert work(export).computed_at == later
        assert content(exporter, export) == whole
    finally:
        with tenant(exporter.organization.id):
            CurrentBuild.objects.update(computed_at=before)


def test_numbers_that_never_hold_still_are_given_up_with_a_word(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(export: Export) -> None:
        raise working.NumbersMovedError

    monkeypatch.setattr(working, "_hold_still", moved)
    export = work(asked(exporter))
    assert (export.state, "Try again later" in export.error) == ("failed", True)


def test_two_workers_at_once_write_one_file(
    exporter: Exporter, monkeypatch: pytest.MonkeyPatch, whole: bytes
) -> None:
    def other() -> None:
        assert work(asked(exporter)).state == "ready"

    export = asked(exporter)
    monkeypatch.setattr(jobs, "progressed", after_pieces(1, other))
    work(export)
    assert export.rows == len(of_csv(whole)[1])
    assert content(exporter, export) == whole


def test_the_same_request_meanwhile_is_the_same_file(exporter: Exporter) -> None:
    export = asked(exporter, currency="usd")
    assert asked(exporter, currency="usd").id == export.id
    assert asked(exporter, currency="eur").id != export.id
    assert asked(exporter, form="json", currency="usd").id != export.id
    work(export)
    assert asked(exporter, currency="usd").id != export.id


def test_a_failure_says_why_and_is_tried_again(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any, **named: Any) -> None:
        raise ValueError("a wrong turn")

    export = asked(exporter)
    with monkeypatch.context() as patch:
        patch.setattr(working, "Layout", broken)
        assert work(export).state == "failed"
    page = exporter.client.get("/o/acme/data/").content.decode()
    assert "a wrong turn" in page
    assert "Try again" in page
    answer = exporter.client.post(f"/o/acme/data/exports/{export.id}/repetition")
    assert (answer.status_code, again(export).state) == (302, "waiting")
    assert work(export).state == "ready"


def test_a_job_that_was_set_aside_shows_as_failed_and_is_taken_up_again(exporter: Exporter) -> None:
    export = asked(exporter)
    job = Job.objects.filter(kind=making.JOB, key=str(export.id))
    job.update(state=Job.State.SET_ASIDE, last_error="The disk is full.")
    assert "The disk is full." in exporter.client.get("/o/acme/data/").content.decode()
    exporter.client.post(f"/o/acme/data/exports/{export.id}/repetition")
    assert job.get().state == Job.State.QUEUED


def test_a_file_that_is_not_ready_is_not_sent(exporter: Exporter) -> None:
    export = asked(exporter)
    answer = exporter.client.get(f"/o/acme/data/exports/{export.id}/file", follow=True)
    assert "not ready yet" in answer.content.decode()


def test_files_expire_and_are_purged(exporter: Exporter) -> None:
    export = work(asked(exporter))
    address = f"/o/acme/data/exports/{export.id}/file"
    assert Job.objects.filter(kind=making.PURGE).exists()
    assert purge_exports(export.organization_id, "") == jobs.Later(export.expires_at)
    with clock.set_now(export.expires_at):
        assert exporter.client.get(address).status_code == 404
        assert purge_exports(export.organization_id, "") is jobs.DONE
    with tenant(export.organization_id):
        assert not Export.objects.exists()
        assert not ExportPiece.objects.exists()


def test_only_so_many_files_are_made_at_a_time(exporter: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "MOST_WAITING", 1)
    asked(exporter)
    refused = exporter.ask("movements", "json")
    assert (refused.status_code, "Wait until it is ready" in refused.content.decode()) == (409, True)


def test_making_and_fetching_are_written_down(exporter: Exporter) -> None:
    export = work(asked(exporter, currency="usd"))
    content(exporter, export)
    with tenant(exporter.organization.id):
        entries = [*AuditEntry.objects.filter(subject=str(export.id)).order_by("at")]
    assert [entry.action for entry in entries] == ["export.made", "export.fetched"]
    assert entries[0].details["parameters"] == {"currency": "usd"}
    assert entries[0].details["personal"] is True
