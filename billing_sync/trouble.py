"""What a job does when Stripe gave no answer: ask the person, or wait."""

import random
from datetime import timedelta

from django.utils.translation import gettext as _

from accounts import jobs
from billing_sync.access import renewed, revoke
from billing_sync.models import Connection
from billing_sync.stripe_errors import (
    KeyExpiredError,
    KeyWrongError,
    PermissionMissingError,
    RateLimitedError,
    StripeError,
)
from config.clock import now

WAIT_SECONDS = 10.0


def how_to_add(error: StripeError, label: str) -> str:
    """Return the error with what a person does about the permission that is missing."""
    if not isinstance(error, PermissionMissingError):
        return str(error)
    way = _(
        "In Stripe's dashboard open Developers, API keys, edit this key, set “%(label)s” to Read and save; "
        "then paste the key here once more."
    ) % {"label": label}
    return f"{error} {way}"


def key_trouble(connection: Connection, error: StripeError) -> bool:
    """Stop a connection whose key no longer opens its account; say whether that was the trouble."""
    if not isinstance(error, KeyWrongError | KeyExpiredError):
        return False
    if renewed(connection):
        return False
    revoke(connection, "" if connection.kind == Connection.Kind.OAUTH else str(error))
    return True


def wait_for(error: StripeError) -> jobs.Later:
    """Return when to ask again: when Stripe says, or a little later, never all at once."""
    seconds = error.retry_after if isinstance(error, RateLimitedError) else 0.0
    pause = max(seconds, WAIT_SECONDS) * random.uniform(1.0, 1.5)  # noqa: S311
    return jobs.Later(now() + timedelta(seconds=pause))
