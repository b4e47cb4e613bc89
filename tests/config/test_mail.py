"""EMAIL_URL says where mail goes, and how safely."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import anymail, parse


def test_without_a_url_mail_becomes_files() -> None:
    assert parse("").backend == "accounts.mail_files.FileBackend"


def test_a_remote_server_gets_starttls() -> None:
    server = parse("smtp://ann%40x:p%2Fw@mail.example.com/")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example.com",
        587,
        "ann@x",
        "p/w",
    )
    assert (server.starttls, server.tls) == (True, False)


def test_smtps_is_encrypted_from_the_first_byte() -> None:
    server = parse("smtps://mail.example.com/")
    assert (server.port, server.starttls, server.tls) == (465, False, True)


@pytest.mark.parametrize(
    ("url", "starttls"),
    [
        ("smtp://localhost:1025/", False),
        ("smtp://localhost:1025/?tls=true", True),
        ("smtp://mail:25/?tls=false", False),
    ],
)
def test_starttls_can_be_chosen(url: str, starttls: bool) -> None:
    assert parse(url).starttls is starttls


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail/", "smtp:///", "smtp://m:x/", "smtp://m/?tls=maybe"]
)
def test_a_bad_url_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        parse(url)


def test_a_provider_is_named_with_what_it_needs() -> None:
    server = parse("anymail://mailgun?api_key=key-1%2F2&sender_domain=mail.acme.example")
    assert server.backend == "anymail.backends.mailgun.EmailBackend"
    assert anymail(server, "post:word") == {
        "MAILGUN_API_KEY": "key-1/2",
        "MAILGUN_SENDER_DOMAIN": "mail.acme.example",
        "WEBHOOK_SECRET": "post:word",
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("anymail://pigeon?api_key=1", "'pigeon' is none of brevo"),
        ("anymail://postmark", r"lacks server_token: it must look like anymail://postmark\?server_token=…"),
        ("anymail://mailjet?api_key=1", "lacks secret_key"),
    ],
)
def test_a_provider_that_cannot_be_used_says_what_to_write(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        parse(url)


@pytest.mark.parametrize(
    ("url", "secret"), [("smtp://localhost/", "a:b"), ("anymail://resend?api_key=1", "a")]
)
def test_a_webhook_secret_without_a_provider_or_a_user_is_refused(url: str, secret: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAIL_WEBHOOK_SECRET is user:password"):
        anymail(parse(url), secret)
