"""Fixtures that every test may ask for. Tests that write ask for `db` or for anything built on it."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis

from accounts.models import Organization, Role
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.server import serve
from tests import chromium, database, live, soak
from tests.cast import Person, make_organization, member, person
from tests.mail_server import Inbox, serving
from tests.processes import Worker

TODAY = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Run one worker more than there are processors: tests of real processes wait much of their time."""
    if soak.FULL_SIZE or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Spare the collector what stays for good: looking through it again and again took a fifth of a run."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Write the report of a run at full size."""
    if soak.FULL_SIZE:
        soak.write_report(terminalreporter.getreports("passed"), terminalreporter.getreports("failed"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run under CI that skipped a test."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.getreports("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker a migrated database of its own, in place of the plugin's."""
    with django_db_blocker.unblock():
        database.create_worker_database()
        yield
        database.drop_worker_database()


@pytest.fixture
def db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Open an empty database as the app role; what the test commits is deleted after it."""
    with django_db_blocker.unblock():
        yield
        for connection in connections.all(initialized_only=True):
            connection.close()
        database.empty_database()
        cache.clear()
        with Redis.from_url(os.environ["REDIS_URL"]) as redis:
            redis.flushdb()


@pytest.fixture
def _django_db_helper(db: None) -> None:
    """Make the `django_db` mark mean the same as asking for `db`."""


@pytest.fixture
def redis_url() -> str:
    return os.environ["REDIS_URL"]


@pytest.fixture
def organization(db: None) -> Organization:
    return make_organization("acme")


@pytest.fixture
def other_organization(db: None) -> Organization:
    return make_organization("umbrella")


@pytest.fixture
def owner(organization: Organization) -> Person:
    return member("owner@acme.example", organization, Role.OWNER)


@pytest.fixture
def teammate(organization: Organization) -> Person:
    """Give someone who may look at the organization and change nothing."""
    return member("teammate@acme.example", organization, Role.VIEWER)


@pytest.fixture
def other_owner(other_organization: Organization) -> Person:
    return member("owner@umbrella.example", other_organization, Role.OWNER)


@pytest.fixture
def stranger(db: None) -> Person:
    """Give someone signed in who belongs nowhere."""
    return person("stranger@nowhere.example")


@dataclass(frozen=True, slots=True)
class Account:
    """An invented Stripe account and where it is served."""

    company: Company
    base_url: str


@pytest.fixture
def sandbox() -> Iterator[Callable[..., Account]]:
    """Serve invented accounts: `sandbox(size=50, seed=7, now=…, keys=…, faults=…)`."""
    with ExitStack() as stack:

        def served(*, size: int = 50, seed: int = 7, now: datetime = TODAY, **options: Any) -> Account:
            company = generate(seed=seed, size=size, now=now)
            return Account(company, stack.enter_context(serve(company, **options)))

        yield served


@pytest.fixture
def celery_worker(db: None) -> Iterator[Worker]:
    """Run a real worker on this test's servers; `kill()` and `start()` it as the test needs."""
    worker = Worker()
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture(scope="session")
def served_url(django_db_setup: None) -> Iterator[str]:
    """Serve the application over HTTP for as long as this process tests."""
    with live.serving() as url:
        yield url


@pytest.fixture
def live_server_url(db: None, served_url: str) -> Iterator[str]:
    """Give the address at which the application answers."""
    with override_settings(BASE_URL=served_url, CSRF_TRUSTED_ORIGINS=[served_url]):
        yield served_url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread, and Django would refuse to query beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium.program(playwright), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def profile(browser: Browser, served_url: str) -> Iterator[BrowserContext]:
    """Give the profile of every page: making one costs more than most pages do."""
    with chromium.profile(browser, served_url) as context:
        yield context


@pytest.fixture
def browser_page(profile: BrowserContext, live_server_url: str) -> Iterator[Page]:
    """Open a browser page whose relative addresses are the application's, signed in as nobody."""
    with chromium.opened(profile) as page:
        yield page


@pytest.fixture
def inbox(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Serve a mail server on loopback, and send through it."""
    with serving() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{box.port}/")
        yield box
