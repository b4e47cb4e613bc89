"""Whose account a key acts on: its own, or one that is connected to its platform."""

from .errors import ApiError
from .exchange import Request
from .keys import Key, masked
from .state import State


def acting(state: State, key: Key, request: Request, path: str) -> Key:
    """Return the key, or refuse where it names an account that it does not reach."""
    account = state.company.account.id
    reached = account if not key.platform or state.connection.granted else None
    if request.account and request.account != reached:
        raise ApiError(
            403,
            f"The provided key '{masked(key.secret)}' does not have access to account '{request.account}' "
            "(or that account does not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    if key.platform and not request.account and path.partition("/")[0] != "webhook_endpoints":
        raise ApiError(
            403, "The sandbox's platform holds nothing of its own: name an account in Stripe-Account."
        )
    return key
