"""After secrets were used, shown, mistyped and refused, none is found in what somebody could copy."""

import logging
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as ours
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts import jobs, rotation
from accounts.models import AccountMail, Job, Organization
from accounts.privacy import backup
from accounts.privacy.programs import program
from accounts.redaction import RedactingFormatter
from accounts.tenancy import tenant
from billing_sync.models import Connection, WebhookEndpoint
from billing_sync.webhooks import secrets as webhook_secrets
from dashboards import sharing
from tests.accounts.privacy.searching import everything
from tests.accounts.secrets.kept import OLD, filled, keys
from tests.accounts.secrets.test_places import SET_UP, equip
from tests.cast import Person, recently

INVITED, PASSWORD = "ann@acme.example", f"hunter-{uuid4().hex}"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Give what is written into the log, by the formatter of the product."""
    written, root = StringIO(), logging.getLogger()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        next(h.formatter for h in root.handlers if isinstance(h.formatter, RedactingFormatter))
    )
    handler.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


def connect(owner: Person, organization: Organization, settings: Settings) -> list[str]:
    """Paste keys where nobody answers, and let a webhook's secret be typed and replaced."""
    keys = [f"rk_test_{uuid4().hex}" for _ in range(2)]
    for key in keys:
        owner.client.post("/o/acme/connections/new", {"api_key": key})
    signing = [f"whsec_{uuid4().hex}" for _ in range(2)]
    with tenant(organization.id):
        row = Connection.objects.first()
        assert row
        endpoint = WebhookEndpoint(organization=organization, connection_id=row.id, made_by="hand")
        for secret in signing:
            webhook_secrets.replace(endpoint, secret)
        endpoint.save()
    jobs.enqueue(organization.id, "fails")
    jobs.run(jobs.job_id(organization.id, "fails"))
    return [*keys, *signing]


def fail_with(keys: list[str]) -> None:
    """Register a job whose error tells every secret, as an error of a library might."""

    @jobs.handler("fails")
    def fail(organization_id: object, key: str) -> jobs.Outcome:
        raise ValueError(f"Invalid API Key provided: {keys[0]}")


def equipped(owner: Person, teammate: Person) -> list[str]:
    """Set up an app, begin another and leave it, and look at the recovery codes."""
    secret = equip(owner)
    codes = owner.client.get("/accounts/2fa/recovery-codes/").content.decode()
    recently(teammate).client.get(SET_UP)
    pending = str(teammate.client.session["mfa.totp.secret"])
    assert Authenticator.objects.count() == 2
    return [secret, pending, *re.findall(r"\b\d{8}\b", codes)]


def handed_out(owner: Person, organization: Organization) -> list[str]:
    """Make a token and a shared link, use both, and mistype them."""
    made = owner.client.post("/o/acme/api/tokens", {"name": "a", "scopes": ["metrics:read"], "days": "30"})
    token = re.findall(r"mr_[a-z2-7]{26}_[a-z2-7]{52}", made.content.decode())[0]
    with tenant(organization.id):
        _link, shared = sharing.make(organization, "an investor", "usd", 30, by=owner.user)
    path = urlsplit(shared).path
    for text in (token, token[:-1] + "x"):
        Client().get("/api/v1/token", headers={"Authorization": f"Bearer {text}"})
    for address in (path, f"{path[:-2]}x/"):
        Client().get(address)
    return [token.rsplit("_", 1)[1], path.rsplit(".", 1)[1].strip("/")]


def signed_in() -> list[str]:
    """Sign up, mistype the password, and ask for another."""
    visitor = Client()
    visitor.post("/accounts/signup/", {"email": "new@nowhere.example", "password1": PASSWORD})
    for password in (PASSWORD, f"{PASSWORD}!"):
        visitor.post("/accounts/login/", {"login": "new@nowhere.example", "password": password})
    visitor.get(f"/accounts/password/reset/key/1-{uuid4().hex}/")
    return [PASSWORD]


def settings_secrets() -> list[str]:
    found = [ours.SECRET_KEY, ours.DATABASES["default"]["PASSWORD"], ours.DATABASES["owner"]["PASSWORD"]]
    return [*found, urlsplit(ours.REDIS_URL).password or found[0], ours.ENCRYPTION_KEYS[0].partition(":")[2]]


def backed_up(directory: Path) -> bytes:
    """Return a backup as it lies there, and as the statements that it holds."""
    file = directory / "backup"
    call_command("backup", str(file), stdout=StringIO(), stderr=StringIO())
    with file.open("rb") as opened:
        backup.read_header(opened)
        dump = backup.dump_of(opened)
        content = dump.read(dump.end)
    told = subprocess.run([program("pg_restore"), "--file=-"], input=content, capture_output=True, check=True)
    return file.read_bytes() + told.stdout


def test_no_secret_is_found_in_the_database_redis_logs_errors_backups_or_mails(
    organization: Organization,
    owner: Person,
    teammate: Person,
    settings: Settings,
    log: StringIO,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    settings.DATA_DIR, settings.STRIPE_API_BASE = tmp_path, "http://127.0.0.1:1"
    secrets = [
        *equipped(owner, teammate),
        *handed_out(owner, organization),
        *signed_in(),
        *settings_secrets(),
    ]
    fail_with(told := [f"rk_live_{uuid4().hex}"])
    secrets += [*told, *connect(owner, organization, settings), *filled(2, 1).wanted.values()]
    with keys(*ours.ENCRYPTION_KEYS, OLD):
        rotation.rotate()
    owner.client.post("/o/acme/invitations/", {"email": INVITED, "role": "viewer"})
    for mail in AccountMail.objects.all():
        jobs.run(jobs.job_id(None, "send_account_mail", str(mail.id)))
    mails = "".join(file.read_text() for file in (tmp_path / "mail").rglob("*") if file.is_file())
    assert INVITED in mails
    secrets_of_mails = re.findall(r"/invitations/[0-9a-f-]{36}/([\w-]{43})/", mails)
    sessions = "".join(str(SessionStore().decode(one.session_data)) for one in Session.objects.all())
    assert "mfa.totp.secret" in sessions
    dumped, written = backed_up(tmp_path), log.getvalue()
    assert "[removed]" in written
    assert Job.objects.filter(last_error__contains="[removed]").exists()
    found = everything() + sessions + written
    for secret in {*secrets, *secrets_of_mails}:
        forms = {secret.encode(), secret.encode().hex().encode(), b64encode(secret.encode()).rstrip(b"=")}
        assert not [form for form in forms if form in dumped], secret
        assert secret not in found, secret
        assert secret in secrets_of_mails or secret not in mails
    record_property("secrets", len({*secrets, *secrets_of_mails}))
    assert len({*secrets, *secrets_of_mails}) > 30
