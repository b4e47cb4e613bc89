"""Nothing is sent in clear to another machine, unless its owner named it."""

import os
import subprocess
import sys
from typing import Any

import dj_database_url
import pytest
from django.core.exceptions import ImproperlyConfigured

from config import mail
from config.transport import is_remote, refuse_clear_text
from tests.environment import PROJECT

LOCAL_DATABASE = "postgresql://app:x@127.0.0.1/m"
LOCAL_REDIS = "redis://:x@localhost:6379/0"


def check(
    database: str = LOCAL_DATABASE,
    redis: str = LOCAL_REDIS,
    email: str = "",
    stripe: str = "",
    private: str = "",
) -> None:
    databases: dict[str, Any] = {"DATABASE_URL": dj_database_url.parse(database)}
    services = {"STRIPE_API_BASE": stripe or "https://api.stripe.com"}
    refuse_clear_text(databases, {"REDIS_URL": redis}, mail.parse(email), services, private.split(","))


REMOTE_IN_CLEAR = [
    ("DATABASE_URL", {"database": "postgresql://app:x@db.internal/m"}),
    ("DATABASE_URL", {"database": "postgresql://app:x@10.0.0.7/m?sslmode=prefer"}),
    ("DATABASE_URL", {"database": "postgresql://app:x@/m?host=db.internal"}),
    ("REDIS_URL", {"redis": "redis://:x@cache.internal:6379/0"}),
    ("REDIS_URL", {"redis": "rediss://:x@cache.internal:6379/0"}),
    ("REDIS_URL", {"redis": "rediss://:x@cache.internal:6379/0?ssl_cert_reqs=none"}),
    (
        "REDIS_URL",
        {"redis": "rediss://cache.internal/0?ssl_cert_reqs=required&ssl_check_hostname=false"},
    ),
    ("EMAIL_URL", {"email": "smtp://me:x@mail.internal:25/?tls=false"}),
    ("STRIPE_API_BASE", {"stripe": "http://stripe.internal"}),
]


@pytest.mark.parametrize(("name", "given"), REMOTE_IN_CLEAR)
def test_a_remote_server_without_tls_stops_the_start_with_what_to_do(
    name: str, given: dict[str, str]
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{name} leads to .* without TLS: .*CLEARTEXT_HOSTS="):
        check(**given)


@pytest.mark.parametrize("given", [given for _name, given in REMOTE_IN_CLEAR])
def test_a_host_that_is_named_may_be_reached_in_clear(given: dict[str, str]) -> None:
    check(**given, private="db.internal,10.0.0.7,cache.internal,mail.internal,stripe.internal")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"database": "postgresql://app:x@db.internal/m?sslmode=verify-full&sslrootcert=system"},
        {"database": "postgresql://app:x@db.internal/m?sslmode=require"},
        {"database": "postgresql://app:x@%2Fvar%2Frun%2Fpostgresql/m"},
        {"redis": "rediss://:x@cache.internal:6379/0?ssl_cert_reqs=required&ssl_ca_certs=/etc/ca.pem"},
        {"email": "smtp://me:x@mail.internal:587/"},
        {"email": "smtps://me:x@mail.internal/"},
        {"email": "smtp://localhost:25/"},
        {"email": "anymail://resend?api_key=x"},
    ],
)
def test_tls_and_this_machine_are_enough(given: dict[str, str]) -> None:
    check(**given)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "x.localhost", "/run/pg", ""]
)
def test_this_machine_is_not_remote(host: str) -> None:
    assert not is_remote(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "db", "localhost.example.com", "127.0.0.1.nip.io"]
)
def test_every_other_machine_is(host: str) -> None:
    assert is_remote(host)


def test_no_process_starts_with_such_a_setting() -> None:
    given = {"DATABASE_URL": "postgresql://app:x@db.internal/m", "DJANGO_SETTINGS_MODULE": "config.settings"}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=PROJECT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 1
    assert started.stderr.startswith(
        "DATABASE_URL leads to db.internal without TLS: add ?sslmode=verify-full"
    )
    assert "Traceback" not in started.stderr
