"""Read `EMAIL_URL`: a mail server, or a provider's interface.

smtp://user:password@host:587/ (with STARTTLS), smtps://user:password@host:465/, or
anymail://postmark?server_token=… with the settings that the provider needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ANSWERS = {"true": True, "false": False, "1": True, "0": False}
# What each provider needs to take a message; all other settings of anymail's may be given too.
PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "brevo": ("api_key",),
    "mailersend": ("api_token",),
    "mailgun": ("api_key", "sender_domain"),
    "mailjet": ("api_key", "secret_key"),
    "mailtrap": ("api_token",),
    "postmark": ("server_token",),
    "resend": ("api_key",),
    "scaleway": ("secret_key", "project_id"),
    "sparkpost": ("api_key",),
}
FORMS = "smtp://user:password@host:587/, smtps://…:465/ or anymail://postmark?server_token=…"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where messages go; without a host or a provider they become files."""

    backend: str = "accounts.mail_files.FileBackend"
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    provider: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def parse(url: str) -> MailServer:
    """Return the server of a URL; STARTTLS is on unless the host is this machine or `?tls=false` says so."""
    if not url:
        return MailServer()
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL has a port or host that cannot be read.") from None
    if parts.scheme == "anymail":
        return _provider(parts)
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ImproperlyConfigured(f"EMAIL_URL must look like {FORMS}.")
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


def anymail(server: MailServer, webhook_secret: str) -> dict[str, str]:
    """Return anymail's settings; its webhooks take `user:password`, as the provider's page is given it."""
    if webhook_secret and (not server.provider or not all(webhook_secret.partition(":"))):
        raise ImproperlyConfigured(
            "MAIL_WEBHOOK_SECRET is user:password, and goes with an EMAIL_URL of anymail://…"
        )
    options = {f"{server.provider}_{name}".upper(): value for name, value in server.options.items()}
    return {**options, **({"WEBHOOK_SECRET": webhook_secret} if webhook_secret else {})}


def _provider(parts: SplitResult) -> MailServer:
    name, given = (parts.hostname or "").lower(), dict(parse_qsl(parts.query))
    if name not in PROVIDERS:
        raise ImproperlyConfigured(f"EMAIL_URL: {name!r} is none of {', '.join(PROVIDERS)}.")
    missing = [one for one in PROVIDERS[name] if one not in given]
    if missing:
        form = "&".join(f"{one}=…" for one in PROVIDERS[name])
        raise ImproperlyConfigured(
            f"EMAIL_URL lacks {', '.join(missing)}: it must look like anymail://{name}?{form}."
        )
    return MailServer(backend=f"anymail.backends.{name}.EmailBackend", provider=name, options=given)


def _starttls(query: str, *, default: bool) -> bool:
    answer = parse_qs(query).get("tls", [""])[-1].lower()
    if answer and answer not in ANSWERS:
        raise ImproperlyConfigured(f"EMAIL_URL: tls must be true or false, not {answer!r}.")
    return ANSWERS.get(answer, default)
