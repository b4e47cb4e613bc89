from pathlib import Path

import pytest
from pytest_django import Settings

from accounts import jobs
from tests.accounts.work import Work, does


@pytest.fixture(autouse=True)
def _mail_of_its_own(tmp_path: Path, settings: Settings) -> None:
    """Give each test its own folder of mail, delivered by the backend that the product would use."""
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "accounts.mail_files.FileBackend"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Give the product's jobs a rest, and register those of the test: `work(function)`."""
    monkeypatch.setattr(jobs, "_handlers", {})
    return does


@pytest.fixture
def no_pauses(settings: Settings) -> None:
    """Let failed jobs be due again at once."""
    settings.JOB_BACKOFF_SECONDS = 0
