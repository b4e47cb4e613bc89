"""The environment of a test run: nothing of the developer's shell but the servers' addresses gets in.

The process that starts the run prepares it once; parallel workers inherit it and take their own database.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from config.embedded.postgres import Postgres
from config.embedded.redis import Redis

PROJECT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
UNWANTED = (
    "BASE_URL",
    "PORT",
    "EMAIL_URL",
    "NOW",
    "STRIPE_API_BASE",
    "STRIPE_CLIENT_ID",
    "STRIPE_PLATFORM_KEY",
)
FIXED = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DEBUG": "false",
    "SECRET_KEY": "a secret key that only tests use, long enough for Django's own check",
    "ENCRYPTION_KEYS": "test:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "SWEEP_SECONDS": "1",
    "STRIPE_REQUESTS_PER_SECOND": "100000",
}


def prepare() -> None:
    """Set the variables that settings read, start what no URL names, and pick this worker's databases."""
    if settings.configured:
        raise RuntimeError("Unset DJANGO_SETTINGS_MODULE: the tests prepare the environment before settings.")
    if "TEST_RUN" not in os.environ:
        prepare_run()
    os.environ["DJANGO_SETTINGS_MODULE"] = FIXED["DJANGO_SETTINGS_MODULE"]
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[name] = with_path(os.environ[name], worker_database())
    os.environ["REDIS_URL"] = with_path(os.environ["REDIS_URL"], WORKER.removeprefix("gw"))


def prepare_run() -> None:
    """Do what one run needs once: a directory, keys, and servers that end with this process."""
    os.environ["TEST_RUN"] = str(os.getpid())
    for name in UNWANTED:
        os.environ.pop(name, None)
    os.environ.update(FIXED)
    directory = Path(tempfile.mkdtemp(prefix="millrace-test-"))
    directory.chmod(0o755)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["DATA_DIR"] = str(directory / "data")
    # The sources are served, not what was collected of them some time ago.
    os.environ["STATIC_ROOT"] = str(directory / "staticfiles")
    if not ("DATABASE_URL" in os.environ and "DATABASE_OWNER_URL" in os.environ):
        postgres = Postgres(directory / "servers", fsync=False)
        postgres.start()
        atexit.register(postgres.stop)
        postgres.execute("ALTER ROLE millrace_owner CREATEDB CREATEROLE")
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = postgres.app_url, postgres.owner_url
    os.environ["TEST_MAINTENANCE_URL"] = os.environ["DATABASE_OWNER_URL"]
    # A Redis of its own even where REDIS_URL is set: tests flush it.
    redis = Redis(directory / "servers")
    redis.start()
    atexit.register(redis.stop)
    os.environ["REDIS_URL"] = redis.url


def worker_database() -> str:
    return f"test_millrace_{os.environ['TEST_RUN']}_{WORKER}"


def with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))
