"""Nothing that opens a door or names a person gets into a stored error."""

import json
import logging
import os
import string
from base64 import b32encode, b64encode
from io import StringIO
from secrets import token_hex, token_urlsafe
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import Organization
from accounts.redaction import RedactingFormatter, describe, redact, without_secrets
from accounts.tenancy import tenant
from dashboards import sharing
from dashboards.api import tokens
from dashboards.emails.unsubscribing import Link
from tests.cast import Person

LETTERS = string.ascii_letters + string.digits
# What follows or goes before a secret in a line of a log.
EDGES = ["", " ", "\n", '"', "'", "(", ")", ",", ": ", "; ", "<", ">", "[", "]", "=", " /", "!"]


def letters(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=least, max_size=most)


def filled(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Return texts of a form, and the part of each that must not stay, the last."""
    return st.tuples(*parts).map(lambda chosen: (form.format(*chosen), chosen[-1]))


def of_bytes(form: str, length: int, encode: str) -> st.SearchStrategy[tuple[str, str]]:
    encoders = {"url": token_urlsafe, "hex": token_hex}
    return st.builds(lambda: encoders[encode](length)).map(lambda secret: (form.format(secret), secret))


SECRETS = st.one_of(
    filled(
        "{}_{}_{}", st.sampled_from(["sk", "rk", "pk"]), st.sampled_from(["live", "test"]), letters(16, 99)
    ),
    filled("ek_test_{}", letters(20, 60)),
    filled("whsec_{}", st.text(LETTERS + "+/=", min_size=20, max_size=60)),
    filled("pi_{}_secret_{}", letters(14, 24), letters(20, 25)),
    filled("{}_{}", st.sampled_from(["ac", "rt"]), letters(20, 40)),
    filled("redis://:{}@cache:6379/0", st.text(LETTERS + "@%+.~-", min_size=6, max_size=40)),
    filled("postgresql://app:{}@db.internal/x", st.text(LETTERS + "@%+.~-", min_size=6, max_size=40)),
    filled("smtp://me:{}@mail.example:587/", st.text(LETTERS + "%+.~-", min_size=6, max_size=40)),
    filled("host=db password={} user=app", st.text(LETTERS + "%+/@", min_size=6, max_size=40)),
    filled("host=db password='{}' user=app", st.text(LETTERS + " /@", min_size=6, max_size=40)),
    filled("anymail://postmark?server_token={}&x=1", letters(12, 40)),
    filled("/connections/oauth/callback?scope=read_only&code={}", letters(12, 40)),
    filled("otpauth://totp/Millrace:ann%40example.com?secret={}&issuer=Millrace", letters(16, 32)),
    filled("Authorization: Basic {}", letters(12, 60)),
    filled("Cookie: theme=dark; __Host-session={}; x=1", st.text(string.ascii_lowercase, min_size=32)),
    filled('{{"email": "a", "new_password": "{}"}}', st.text(LETTERS + "!$ ", min_size=6, max_size=40)),
    of_bytes("GET /share/11111111-2222-3333-4444-555555555555.{}/ HTTP/1.1", 32, "url"),
    of_bytes("/invitations/11111111-2222-3333-4444-555555555555/{}/", 32, "url"),
    of_bytes("/accounts/password/reset/key/2-{}/", 16, "hex"),
    of_bytes("state {} was not asked for", 32, "url"),
    st.builds(lambda: b64encode(os.urandom(32)).decode()).map(lambda key: (f"main:{key}", key)),
    st.builds(lambda: b32encode(os.urandom(20)).decode()).map(lambda key: (f"TOTP {key} refused", key)),
)


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_51Habcdefghij",
        "rk_test_51Habcdefghij",
        "pk_test_51Habcdefghij",
        "sk_test_****abcd",
        "whsec_abcdef123456",
        "ann.lee+billing@mail.example.com",
    ],
)
def test_keys_and_addresses_are_removed(secret: str) -> None:
    assert redact(f"Invalid: {secret}!") == "Invalid: [removed]!"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://app:pa55@db/x", "postgresql://[removed]@db/x"),
        ("redis://:pa55@cache:6379/0", "redis://[removed]@cache:6379/0"),
        ("Authorization: Bearer abcdefgh1234", "Authorization: [removed]"),
        ("host=db password=pa55 user=app", "host=db password=[removed] user=app"),
    ],
)
def test_passwords_are_removed_and_the_rest_is_kept(text: str, kept: str) -> None:
    assert redact(text) == kept


@pytest.mark.parametrize("text", ["cus_123 has no price_456", "at 12:30", "See https://docs.example/x"])
def test_ordinary_words_stay(text: str) -> None:
    assert redact(text) == text


def test_an_error_is_one_line_with_its_class() -> None:
    assert describe(ValueError("two\n  lines")) == "ValueError: two lines"
    assert describe(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_long_text_is_cut() -> None:
    assert len(redact("x" * 5000)) == 500


@given(st.sampled_from(EDGES), SECRETS, st.sampled_from(EDGES), st.booleans())
def test_no_secret_of_any_shape_stays_wherever_it_stands(
    before: str, form: tuple[str, str], after: str, in_json: bool
) -> None:
    text, secret = form
    line = f"Not Found{before} {text}{after} at 12:30"
    told = redact(json.dumps({"told": line}) if in_json else line)
    assert secret not in told
    assert "Not Found" in told
    assert redact(told) == told


def test_what_this_product_hands_out_is_removed(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        _link, shared = sharing.make(organization, "an investor", "usd", 30, by=owner.user)
        _token, token = tokens.make(organization, "a program", [tokens.METRICS], by=owner.user)
    leaving = Link(organization.id, owner.user.pk, "alert").token()
    assert without_secrets(shared).endswith("/[removed]/") or without_secrets(shared).endswith("/[removed]")
    for secret in (shared.rsplit(".", 1)[1], token, leaving):
        for line in (
            f"Not Found: /share/{secret}/",
            f"Bearer {secret}",
            f"/unsubscribe/{secret} was refused",
        ):
            assert secret not in without_secrets(line), line


def test_secrets_of_the_settings_are_removed_as_values(settings: Settings) -> None:
    settings.EMAIL_HOST_PASSWORD = "correct horse/battery"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "11d7-own-token", "MAILGUN_SENDER_DOMAIN": "mg.example.com"}
    line = (
        f"535 correct horse/battery {quote('correct horse/battery', safe='')} 11d7-own-token mg.example.com"
    )
    assert without_secrets(line) == "535 [removed] [removed] [removed] mg.example.com"
    for entry in settings.ENCRYPTION_KEYS:
        assert entry.partition(":")[2] not in without_secrets(f"KEYS={entry}")


def test_a_log_s_line_and_its_traceback_lose_their_secrets() -> None:
    key = f"rk_live_{uuid4().hex}"
    try:
        raise ValueError(key)
    except ValueError as error:
        told = logging.LogRecord("x", logging.ERROR, "", 1, "Refused: %s", (key,), (ValueError, error, None))
    written = RedactingFormatter("%(levelname)s %(message)s").format(told)
    assert written == "ERROR Refused: [removed]\nValueError: [removed]"


@pytest.mark.parametrize(
    "line",
    [
        f"Job build {UUID(int=7)} failed",
        'File "/work/accounts/management/commands/rotate_keys.py", line 12, in handle',
        "tests/accounts/secrets/test_rotation.py::test_a_rotation_killed_again",
        "GET /o/acme/customers/?currency=usd&page=2 404",
        "status_code=404, code 23505, the state is live, task_test_something ran",
    ],
)
def test_what_an_operator_needs_stays(line: str) -> None:
    assert without_secrets(line) == line


def test_django_s_words_about_requests_reach_the_log_without_secrets(
    db: None,
) -> None:
    handlers = logging.getLogger().handlers
    handler = next(one for one in handlers if isinstance(one.formatter, RedactingFormatter))
    written = StringIO()
    before = handler.setStream(written)  # type: ignore[attr-defined]
    try:
        assert Client().get("/share/11111111-2222-3333-4444-555555555555.guessed/").status_code == 404
        assert Client().get("/unsubscribe/guessed").status_code == 404
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]
    assert written.getvalue().count("Not Found: /share/[removed]/") == 1
    assert written.getvalue().count("Not Found: /unsubscribe/[removed]") == 1
    assert "guessed" not in written.getvalue()
