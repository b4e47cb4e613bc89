"""Keep the secrets of authenticator apps and recovery codes encrypted, each for one person alone."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from allauth.account.internal.stagekit import get_pending_stage
from allauth.core import context

from accounts import secrets

FIELDS = ("secret", "seed", "migrated_codes")


class NobodySignsInError(RuntimeError):
    """Raised where a second factor's secret is wanted outside of a person's request."""


def seal(text: str, user_id: int) -> str:
    """Encrypt a secret for one person."""
    return base64.b64encode(secrets.encrypt(text, **_place(str(user_id)))).decode()


def unseal(sealed: str, user_id: int) -> str:
    """Return what was encrypted for this person, or for nobody in particular as first releases did."""
    secret = base64.b64decode(sealed)
    try:
        return secrets.decrypt(secret, **_place(str(user_id)))
    except secrets.SecretUnreadableError:
        return secrets.decrypt(secret, **_place(""))


def seal_again(user_id: int, sealed: str) -> str:
    """Encrypt a secret under the newest key, for its person alone."""
    return seal(unseal(sealed, user_id), user_id)


def key_of(sealed: str) -> str:
    """Return the id of the key under which a secret was encrypted."""
    return secrets.key_of(base64.b64decode(sealed))


def whose() -> int:
    """Return who signs in, or is signed in, in the request in progress."""
    request = context.request
    if request is not None and request.user.is_authenticated:
        return int(request.user.pk)
    stage = get_pending_stage(request) if request is not None else None
    if stage is None or stage.login.user is None:
        raise NobodySignsInError("A second factor is opened for the person who signs in, and there is none.")
    return int(stage.login.user.pk)


def is_current(sealed: str, user_id: int) -> bool:
    """Say whether a secret is under the newest key and for this person alone."""
    if key_of(sealed) != secrets.newest():
        return False
    try:
        secrets.decrypt(base64.b64decode(sealed), **_place(str(user_id)))
    except secrets.SecretUnreadableError:
        return False
    return True


def sealed_in(data: Mapping[str, Any]) -> list[str]:
    """Return the secrets in a second factor's data, as they are stored."""
    found = [data[name] for name in FIELDS if data.get(name)]
    return [text for one in found for text in (one if isinstance(one, list) else [one])]


def changed(data: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return a second factor's data with each secret changed."""
    new = dict(data)
    for name in FIELDS:
        one = new.get(name)
        if one:
            new[name] = [change(text) for text in one] if isinstance(one, list) else change(one)
    return new


def _place(row: str) -> dict[str, Any]:
    return {"organization_id": None, "model": "mfa.Authenticator", "field": "data", "row": row}
