from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _mail_of_its_own(tmp_path: Path, settings: Settings) -> None:
    """Give each test its own folder of mail, delivered by the backend that the product would use."""
    settings.DATA_DIR = tmp_path
    settings.EMAIL_BACKEND = "accounts.mail_files.FileBackend"
