"""Read `EMAIL_URL`: smtp://user:password@host:587/ (with STARTTLS) or smtps://user:password@host:465/."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ANSWERS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where messages go; without a host they become files."""

    backend: str = "accounts.mail_files.FileBackend"
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def parse(url: str) -> MailServer:
    """Return the server of a URL; STARTTLS is on unless the host is this machine or `?tls=false` says so."""
    if not url:
        return MailServer()
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL has a port or host that cannot be read.") from None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp://user:password@host:587/ or smtps://…:465/."
        )
    tls = parts.scheme == "smtps"
    return MailServer(
        backend="django.core.mail.backends.smtp.EmailBackend",
        host=host,
        port=port or (465 if tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=not tls and _starttls(parts.query, default=host not in LOOPBACK),
        tls=tls,
    )


def _starttls(query: str, *, default: bool) -> bool:
    answer = parse_qs(query).get("tls", [""])[-1].lower()
    if answer and answer not in ANSWERS:
        raise ImproperlyConfigured(f"EMAIL_URL: tls must be true or false, not {answer!r}.")
    return ANSWERS.get(answer, default)
