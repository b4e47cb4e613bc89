"""Take secrets and addresses out of text before it is stored, logged or shown."""

import logging
import re
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

LONGEST = 500
SHORTEST_OF_OURS = 8
PUT_INSTEAD = "[removed]"
NOT_IN_ADDRESSES = r"\s\"'<>`|\\^{}"
NAMES = r"password|passwd|secret|token|api_?key|server_token|client_secret|encryption_keys|otp|code|state"

SECRET_SETTING = re.compile("KEY|TOKEN|SECRET|PASSWORD")

PATTERNS = (
    # Stripe's keys, what signs its webhooks, what opens a payment page, and codes and tokens of Connect.
    re.compile(r"(?<![a-z])(?:sk|rk|pk|mk|ek)_(?:org_)?(?:live|test)_[A-Za-z0-9_*.,=+/-]+"),
    re.compile(r"(?<![a-z])whsec_[A-Za-z0-9_+/=-]+"),
    re.compile(r"(?<![a-z])(?:ek|acct_secret|seti|pi|src|cs)_\w+_secret_\w+"),
    re.compile(r"\b(?:ek|acct_secret|seti|pi)_[A-Za-z0-9]+"),
    re.compile(r"(?<![a-z])(?:ac|rt)_[A-Za-z0-9]{12,}"),
    # Tokens of the API, links that are shared, and whatever else is 32 random bytes in letters.
    re.compile(r"mr_[a-z2-7]{26}_[a-z2-7]{52}"),
    re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[A-Za-z0-9_-]{43}"),
    re.compile(r"(?<![\w+/-])(?=[a-z_]*[A-Z0-9-])[A-Za-z0-9_-]{43}=?(?![\w+/-])"),
    re.compile(r"(?<![\w+/-])[A-Za-z0-9+/]{43}=(?![\w+/-])"),
    # What lets somebody in by its address alone, and authenticator apps.
    re.compile(
        r"(?:(?<=/share/)|(?<=/unsubscribe/)|(?<=/confirm-email/)|(?<=/reset/key/)"
        rf"|(?<=/invitations/[0-9a-f-]{{36}}/))(?!\[removed\])[^/?#{NOT_IN_ADDRESSES}]+"
    ),
    re.compile(rf"(?i)\botpauth:[^{NOT_IN_ADDRESSES}]+"),
    re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{32}(?![A-Za-z0-9])"),
    # Passwords where they stand: headers, cookies, addresses, connection strings, fields.
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?i)(?<![\w-])(?:__Host-)?(?:session|csrf|csrftoken|sessionid)=[\w:.-]{8,}"),
    re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/\"']+(?=@)"),
    re.compile(rf"(?i)(?<=[?&;])[\w-]*(?:{NAMES})=(?!\[removed\])[^&#{NOT_IN_ADDRESSES}]+"),
    re.compile(r"(?i)(?<=password=)(?!\[removed\])(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)"),
    re.compile(
        rf"(?i)(?<=[\"'])[\w-]*(?:{NAMES})\\*[\"']\s*:\s*\\*[\"'](?!\[removed\])[^\"'\\]+(?=\\*[\"'])"
    ),
    # People.
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)


def redact(text: str) -> str:
    """Return the text without keys, passwords and e-mail addresses, cut to 500 characters."""
    text = without_secrets(text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def without_secrets(text: str) -> str:
    """Return the whole text without what opens a door or names a person."""
    for secret in _ours():
        text = text.replace(secret, PUT_INSTEAD)
    for pattern in PATTERNS:
        text = pattern.sub(PUT_INSTEAD, text)
    return text


def describe(error: BaseException) -> str:
    """Return an error's class and its redacted message, on one line."""
    message = " ".join(str(error).split())
    return redact(f"{type(error).__name__}: {message}" if message else type(error).__name__)


class RedactingFormatter(logging.Formatter):
    """Write a log's lines, tracebacks too, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def _ours() -> list[str]:
    """Return the secrets of this installation's own settings, the longest first, as they may be written."""
    found = [
        settings.SECRET_KEY,
        settings.EMAIL_HOST_PASSWORD,
        settings.STRIPE_PLATFORM_KEY,
        *settings.STRIPE_CONNECT_WEBHOOK_SECRETS,
        *(entry.partition(":")[2] for entry in settings.ENCRYPTION_KEYS),
        *(database.get("PASSWORD", "") for database in settings.DATABASES.values()),
        urlsplit(settings.REDIS_URL).password or "",
        *(str(value) for name, value in settings.ANYMAIL.items() if SECRET_SETTING.search(name)),
    ]
    written = {form for text in found if text for form in (text, quote(text, safe=""), unquote(text))}
    return sorted((one for one in written if len(one) >= SHORTEST_OF_OURS), key=len, reverse=True)
