"""Answers to /oauth/: the page that an account's owner meets, and what a platform asks for."""

import random
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from .deliveries import delivery, snapshot
from .errors import ApiError, OAuthError, unrecognized
from .exchange import Answer, Request
from .forms import one
from .keys import PLATFORM_KEYS, masked
from .listing import Values
from .oauth import CLIENT_ID, SCOPES, Tokens
from .objects.events import API_VERSION
from .objects.json import Json
from .state import State


def authorize(state: State, values: Values) -> Answer:
    """Send the owner back at once, with a code or with a refusal."""
    _check_client(one(values, "client_id"), 400)
    target = one(values, "redirect_uri")
    if not target or urlsplit(target).scheme not in ("http", "https"):
        raise OAuthError("invalid_redirect_uri", "Give the redirect_uri, an absolute address.")
    told = _decision(state, values)
    if "state" in values:
        told["state"] = values["state"][-1]
    address = f"{target}{'&' if '?' in target else '?'}{urlencode(told)}"
    return Answer(b"", 302, [("Location", address)])


def _decision(state: State, values: Values) -> dict[str, str]:
    scope = one(values, "scope") or SCOPES[0]
    if one(values, "response_type") != "code":
        return _refusal("unsupported_response_type", "Give response_type=code.")
    if scope not in SCOPES:
        return _refusal("invalid_scope", f"Invalid scope provided: {scope}")
    if state.connection.denies:
        return _refusal("access_denied", "The user denied your request")
    return {"scope": scope, "code": state.connection.authorize(scope, state.company.now)}


def _refusal(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def token(state: State, request: Request) -> Json:
    """Give a platform tokens for a code or for a refresh token."""
    form, now, lifetime = request.form, state.company.now, state.faults.token_seconds
    live = "_live_" in _platform(request, form)
    kind = one(form, "grant_type")
    if kind == "authorization_code":
        before = state.connection.granted
        found = state.connection.exchange(_wanted(form, "code"), live, now, lifetime)
        if not before:
            announce(state, "authorized")
        return _tokens(state, found)
    if kind == "refresh_token":
        return _tokens(state, state.connection.refresh(_wanted(form, kind), live, now, lifetime))
    raise OAuthError("unsupported_grant_type", "Give grant_type=authorization_code or refresh_token.")


def _tokens(state: State, found: Tokens) -> Json:
    return {
        "access_token": found.access,
        "livemode": found.live,
        "refresh_token": found.refresh,
        "scope": found.scope,
        "stripe_publishable_key": found.access.replace("sk_", "pk_", 1),
        "stripe_user_id": state.company.account.id,
        "token_type": "bearer",
    }


def deauthorize(state: State, request: Request) -> Json:
    """Let a platform give its access up."""
    form = request.form
    _platform(request, form)
    _check_client(one(form, "client_id"), 401)
    account = _wanted(form, "stripe_user_id")
    if account != state.company.account.id or not state.connection.granted:
        raise OAuthError(
            "invalid_client",
            f"This application is not connected to stripe account {account}, or that account does not exist.",
            401,
        )
    sever(state)
    return {"stripe_user_id": account}


def sever(state: State) -> None:
    """Take the platform's access back, and tell it."""
    state.courier.collect()
    announce(state, "deauthorized")
    state.connection.deauthorize()


def announce(state: State, what: str) -> None:
    """Tell the platform's endpoints what became of its access; no event of the account's own says it."""
    shown = {
        "id": state.new_event(),
        "object": "event",
        "api_version": API_VERSION,
        "created": state.company.now + state.faults.skew,
        "data": {"object": {"id": CLIENT_ID, "object": "application", "name": "Sandbox platform"}},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": f"account.application.{what}",
    }
    at = int(time.time()) + state.faults.skew
    for endpoint in state.webhooks:
        if endpoint.connect and endpoint.wants(str(shown["type"])):
            sent = snapshot({**shown, "livemode": endpoint.live}, endpoint, state.company.account.id)
            state.courier.send(delivery(sent, endpoint, "honest", 0, at, random.Random(0)))  # noqa: S311


def _platform(request: Request, form: Values) -> str:
    secret = request.secret or one(form, "client_secret") or ""
    if secret not in PLATFORM_KEYS:
        raise OAuthError("invalid_client", f"Invalid API Key provided: {masked(secret)}", 401)
    return secret


def _check_client(client: str | None, status: int) -> None:
    if client != CLIENT_ID:
        raise OAuthError("invalid_client", f"No such application: '{client}'", status)


def _wanted(form: Values, name: str) -> str:
    value = one(form, name)
    if not value:
        raise OAuthError("invalid_request", f"Missing required param: {name}.")
    return value


def answer(state: State, request: Request, path: str) -> Answer:
    """Answer a request to the part of an address after /oauth/."""
    if (request.method, path) == ("GET", "authorize"):
        return authorize(state, request.values)
    if (request.method, path) == ("POST", "token"):
        return Answer(msgspec.json.encode(token(state, request)))
    if (request.method, path) == ("POST", "deauthorize"):
        return Answer(msgspec.json.encode(deauthorize(state, request)))
    raise unrecognized(request.method, f"/oauth/{path}")


def told(state: State, request: Request) -> Any:
    """Deny or grant the next authorizations, let tokens expire, or withdraw access as the owner may."""
    if request.method == "POST":
        said = request.told(("deny", "expire", "deauthorize"), '{"deny": true}')
        if "deny" in said:
            state.connection.denies = said["deny"] is True
        if said.get("expire") is True:
            state.connection.expire()
        if said.get("deauthorize") is True:
            if not state.connection.granted:
                raise ApiError(
                    400, "Nothing is authorized, so nothing can be withdrawn.", param="deauthorize"
                )
            sever(state)
    tokens: Sequence[str] = state.connection.access_tokens()
    return {
        "client_id": CLIENT_ID,
        "platform_keys": PLATFORM_KEYS,
        "deny": state.connection.denies,
        "connected": state.connection.granted is True,
        "access_tokens": tokens,
    }
