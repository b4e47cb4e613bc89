"""What can go wrong between us and Stripe, each with words that say what to do."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.redaction import redact

PERMISSION = re.compile(r"'(rak_\w+)'")
EXPIRED = frozenset({"api_key_expired", "platform_api_key_expired"})
CURSORS = frozenset({"starting_after", "ending_before"})
LOCK_TIMEOUT = "lock_timeout"
LONGEST_REST_SECONDS = 3600.0


# What a list or the poll notes while it waits for Stripe; pages know by it that an account is rate-limited.
FEWER_REQUESTS = gettext_lazy("Stripe asks for fewer requests. The sync goes on by itself.")


class StripeError(Exception):
    """Raised where Stripe gave no answer we can use; the message is for people, and holds no key."""

    def __init__(self, message: str, *, request_id: str = "") -> None:
        super().__init__(redact(message))
        self.request_id = request_id


class KeyWrongError(StripeError):
    """Stripe does not know the key."""


class KeyExpiredError(StripeError):
    """The key was valid once."""


class GrantRefusedError(KeyWrongError):
    """What an account's owner granted by Stripe Connect was withdrawn, or used already."""


class PermissionMissingError(StripeError):
    """The key may not read this; `permission` is Stripe's name for what is missing, if it said so."""

    def __init__(self, message: str, *, permission: str, request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.permission = permission


class NotFoundError(StripeError):
    """Stripe has nothing at this address."""


class CursorLostError(StripeError):
    """The object after which a list was to go on exists no longer."""


class RateLimitedError(StripeError):
    """Stripe wants fewer requests; `retry_after` is in seconds, `reason` Stripe's word for which limit."""

    def __init__(self, message: str, *, retry_after: float, reason: str = "", request_id: str = "") -> None:
        super().__init__(message, request_id=request_id)
        self.retry_after = retry_after
        self.reason = reason


class UnreachableError(StripeError):
    """No answer came."""


class StripeTroubleError(StripeError):
    """Stripe answered with an error of its own, or with something that is not its API."""


class TooLargeError(StripeTroubleError):
    """An answer is larger than we take in at once; `head` is how it begins."""

    def __init__(self, message: str, *, head: bytes) -> None:
        super().__init__(message)
        self.head = head


class RefusedError(StripeTroubleError):
    """Stripe refused a request as it stands: asking again would not help."""


def error_of(
    status: int | None,
    *,
    path: str,
    code: str = "",
    param: str = "",
    message: str = "",
    headers: Mapping[str, str] | None = None,
    request_id: str = "",
) -> StripeError:
    """Return our error for an answer of Stripe's, or for none (status None)."""
    if status is None:
        return UnreachableError(_no_answer(message))
    if code == "invalid_grant":
        return GrantRefusedError(
            _("Stripe no longer gives access to this account. Connect with Stripe again to go on."),
            request_id=request_id,
        )
    if status == 401:
        return _refused_key(code, message, request_id)
    if status == 403:
        return _refused_path(path, message, request_id)
    if status == 429:
        return _limited(code, headers or {}, request_id)
    if status in (400, 404) and param in CURSORS:
        return CursorLostError(_("The list %(path)s moved on.") % {"path": path}, request_id=request_id)
    if status == 404:
        return NotFoundError(_("Stripe has nothing at %(path)s.") % {"path": path}, request_id=request_id)
    kind = RefusedError if 400 <= status < 500 and status != 409 else StripeTroubleError
    return kind(_trouble(status, path, message, request_id), request_id=request_id)


def not_stripe(path: str) -> StripeTroubleError:
    """Return the error for an answer that is not of Stripe's API."""
    return StripeTroubleError(
        _("The answer at %(path)s is not one of Stripe's API. Check the address of the API.") % {"path": path}
    )


def _limited(code: str, headers: Mapping[str, str], request_id: str) -> RateLimitedError:
    locked = code == LOCK_TIMEOUT
    return RateLimitedError(
        _("Another request holds this object in Stripe. The sync asks for it again by itself.")
        if locked
        else str(FEWER_REQUESTS),
        retry_after=_seconds(headers.get("retry-after", "")),
        reason=LOCK_TIMEOUT if locked else headers.get("stripe-rate-limited-reason", ""),
        request_id=request_id,
    )


def _refused_key(code: str, message: str, request_id: str) -> StripeError:
    if code in EXPIRED or "expired" in message.lower():
        return KeyExpiredError(
            _("This key has expired. Create a new restricted key in Stripe and paste it here."),
            request_id=request_id,
        )
    return KeyWrongError(
        _("Stripe does not know this key. Copy the whole key again from Stripe's dashboard and paste it."),
        request_id=request_id,
    )


def _refused_path(path: str, message: str, request_id: str) -> PermissionMissingError:
    named = PERMISSION.search(message)
    permission = named[1] if named else ""
    text = _("The key may not read %(path)s.") % {"path": path}
    if permission:
        text = _("The key lacks Stripe's permission %(permission)s.") % {"permission": permission}
    return PermissionMissingError(text, permission=permission, request_id=request_id)


def _no_answer(message: str) -> str:
    if "timed out" in message.lower():
        return _("Stripe did not answer in time. The sync tries again by itself.")
    return _("Stripe cannot be reached. Check this server's connection; the sync tries again by itself.")


def _trouble(status: int, path: str, message: str, request_id: str) -> str:
    text = _("Stripe answered %(path)s with error %(status)s.") % {"path": path, "status": status}
    if status < 500 and message:
        text = f"{text} {message}"
    return f"{text} ({request_id})" if request_id else text


def _seconds(text: str) -> float:
    """Read a `Retry-After`: seconds, or a date."""
    try:
        found = float(text)
    except ValueError:
        try:
            found = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(0.0, found), LONGEST_REST_SECONDS)
