"""An installation behind HTTPS passes Django's own check, and tells browsers to stay there."""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

from tests.environment import PROJECT

ASKED = """
import json
import django
from django.conf import settings
from django.core import checks

django.setup()
found = checks.run_checks(include_deployment_checks=True)
names = [name for name in dir(settings) if name.isupper()]
wanted = ("SESSION_", "CSRF_", "SECURE_", "WROTE_")
told = {name: getattr(settings, name) for name in names if name.startswith(wanted)}
print(json.dumps({"found": [str(one) for one in found if not one.is_silenced()], **told}, default=str))
"""


@cache
def deployed() -> dict[str, Any]:
    """Return what an installation behind HTTPS is warned of, and its settings."""
    given = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "BASE_URL": "https://millrace.example",
        "DEBUG": "false",
        "TRUST_PROXY": "false",
    }
    secret = {"SECRET_KEY": "kP0x-3f8!q" * 6 + "abcdefgh"}
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=PROJECT,
        env={**os.environ, **given, **secret},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_django_s_check_of_a_deployment_finds_nothing() -> None:
    assert deployed()["found"] == []


def test_cookies_over_https_are_this_host_s_alone() -> None:
    told = deployed()
    for cookie in ("SESSION", "CSRF"):
        assert told[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert told[f"{cookie}_COOKIE_SECURE"] is told[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert told[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
        assert (told[f"{cookie}_COOKIE_PATH"], told[f"{cookie}_COOKIE_DOMAIN"]) == ("/", None)
    assert told["WROTE_COOKIE_NAME"].startswith("__Host-")


def test_browsers_come_back_over_https_alone() -> None:
    told = deployed()
    assert told["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert told["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is True
    assert told["SECURE_SSL_REDIRECT"] is True


def test_no_header_tells_of_https_without_a_trusted_proxy() -> None:
    assert deployed()["SECURE_PROXY_SSL_HEADER"] is None
