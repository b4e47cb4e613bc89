"""Take secrets and addresses out of text before it is stored, logged or shown."""

import re

LONGEST = 500
PATTERNS = (
    re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_*]+"),
    re.compile(r"\b(?:whsec|ek|acct_secret|seti|pi)_[A-Za-z0-9]+(?:_secret_[A-Za-z0-9]+)?"),
    re.compile(r"\b(?:ac|rt)_[A-Za-z0-9]{12,}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=password=)\S+"),
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)
PUT_INSTEAD = "[removed]"


def redact(text: str) -> str:
    """Return the text without keys, passwords and e-mail addresses, cut to 500 characters."""
    for pattern in PATTERNS:
        text = pattern.sub(PUT_INSTEAD, text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def describe(error: BaseException) -> str:
    """Return an error's class and its redacted message, on one line."""
    message = " ".join(str(error).split())
    return redact(f"{type(error).__name__}: {message}" if message else type(error).__name__)
