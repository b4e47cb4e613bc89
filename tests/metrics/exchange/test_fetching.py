"""The central bank's file over the network: read by a job, and every failure in words."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts import jobs
from accounts.jobs import run_until_idle
from accounts.models import Job, Organization
from accounts.tenancy import tenant
from config.clock import set_now
from metrics.exchange import fetching
from metrics.exchange.models import ExchangeRate, RateFetch
from tests.dashboards.revenue import NOW
from tests.metrics.exchange.files import (
    GONE,
    PUBLISHED,
    REFERENCE,
    central_bank,
    certified,
    published,
    zipped,
)

DAYS = 60


def fetched(organization: Organization) -> RateFetch:
    """Run the job and return how it went."""
    with set_now(NOW):
        jobs.enqueue(organization.id, "fetch_rates")
        run_until_idle(organization.id)
    with tenant(organization.id):
        return RateFetch.objects.get()


def test_the_job_stores_the_file_and_comes_back_the_day_after(
    organization: Organization, settings: Settings
) -> None:
    with central_bank(zipped(REFERENCE)) as settings.ECB_RATES_URL:
        found = fetched(organization)
    assert (found.error, str(found.newest), found.done_at) == ("", "2026-10-30", NOW)
    with tenant(organization.id):
        assert {one.source for one in ExchangeRate.objects.all()} == {"ecb"}
    job = Job.objects.get(kind="fetch_rates")
    assert job.state == Job.State.QUEUED
    assert abs(job.next_at - job.updated_at - timedelta(days=1)) < timedelta(minutes=1)


def test_the_published_file_is_read_whole_from_a_server_that_is_trusted_alone(
    organization: Organization, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate, tls = certified(tmp_path)
    file = zipped(published(date(2026, 11, 20), DAYS))
    with central_bank(file, tls=tls) as settings.ECB_RATES_URL:
        assert "a certificate that this machine does not trust" in fetched(organization).error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        found = fetched(organization)
    assert (found.error, str(found.newest)) == ("", "2026-11-20")
    with tenant(organization.id):
        assert ExchangeRate.objects.count() == DAYS * len([one for one in PUBLISHED if one not in GONE])
        assert set(ExchangeRate.objects.values_list("base", flat=True)) == {"eur"}


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"Not here", 404, "answered 404 in place of the file. Upload the file instead."),
        (b"<html>Sign in to this network</html>", 200, "Line 1 must read date,base,quote,rate"),
        (b"Date,USD\n2026-10-30,-1\n", 200, "Line 2: '-1' is not a rate"),
    ],
)
def test_an_answer_without_rates_changes_nothing_and_says_why(
    organization: Organization, settings: Settings, content: bytes, status: int, words: str
) -> None:
    with central_bank(content, status) as settings.ECB_RATES_URL:
        found = fetched(organization)
    assert words in found.error
    with tenant(organization.id):
        assert not ExchangeRate.objects.exists()


def test_a_server_that_cannot_be_reached_is_told_as_such(
    organization: Organization, settings: Settings
) -> None:
    settings.ECB_RATES_URL = "http://127.0.0.1:1/eurofxref-hist.zip"
    assert "cannot be reached from here" in fetched(organization).error


def test_a_server_that_never_answers_is_given_up(
    organization: Organization, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "READ_SECONDS", 0.2)
    with central_bank(b"", silent=True) as settings.ECB_RATES_URL:
        assert "did not answer in time" in fetched(organization).error
