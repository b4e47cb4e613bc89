"""Take what Stripe posts: verified, stored as it came and durable before it is answered, nothing more.

Stands before Django, for these addresses alone: neither sessions nor forms nor pages are for this. Whether a
connection is unknown, a signature wrong or a time too old, the answer is one and the same.
"""

import logging
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import DatabaseError

from accounts.redaction import describe
from billing_sync.webhooks.keeping import Keeper, Owner, Posted
from billing_sync.webhooks.routes import Routes
from billing_sync.webhooks.signature import is_signed
from config.clock import now

logger = logging.getLogger(__name__)

ADDRESS = re.compile(r"/webhooks/stripe/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
CONNECT = "/webhooks/stripe/connect/"
LARGEST = 1024 * 1024
LONGEST_ID = 255
Environ = dict[str, Any]
Start = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Environ, Any], Iterable[Any]]

routes = Routes()
_keeper = Keeper()


class _Named(msgspec.Struct):
    id: Any = None
    snapshot_event: Any = None
    account: Any = None
    context: Any = None
    livemode: Any = None


_named = msgspec.json.Decoder(_Named)


class WebhooksFirst:
    """A WSGI application that answers Stripe's posts itself and leaves everything else to another."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start: Start) -> Iterable[Any]:
        path = environ.get("PATH_INFO", "")
        address = ADDRESS.fullmatch(path)
        if address is None and path != CONNECT:
            return self.application(environ, start)
        status = receive(UUID(address[1]), environ) if address else receive_for_platform(environ)
        headers = [("Content-Length", "0"), ("Cache-Control", "no-store")]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "POST"))
        start(f"{status.value} {status.phrase}", headers)
        return [b""]


def receive(connection_id: UUID, environ: Environ) -> HTTPStatus:
    """Judge one post to a connection's address and keep its body; return the answer."""
    if environ["REQUEST_METHOD"] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED
    body = _body(environ)
    if body is None:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    try:
        organization_id = routes.organization_of(connection_id)
        if not _verified(organization_id, connection_id, environ.get("HTTP_STRIPE_SIGNATURE", ""), body):
            return HTTPStatus.BAD_REQUEST
        assert organization_id is not None
        _keeper.keep(Posted((organization_id, connection_id), event_id_of(body), body, now()))
    except (DatabaseError, TimeoutError) as error:
        # Stripe posts again what was not taken.
        logger.warning("A webhook could not be taken: %s", describe(error))
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.OK


def receive_for_platform(environ: Environ) -> HTTPStatus:
    """Judge one post to the operator's address, and keep its body for whoever reads the account it names.

    What is of an account that nobody reads here, Stripe need not post again: it is dropped.
    """
    if environ["REQUEST_METHOD"] != "POST":
        return HTTPStatus.METHOD_NOT_ALLOWED
    body = _body(environ)
    if body is None:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    valid = [secret.encode() for secret in settings.STRIPE_CONNECT_WEBHOOK_SECRETS]
    if not is_signed(environ.get("HTTP_STRIPE_SIGNATURE", ""), body, valid, now().timestamp()):
        return HTTPStatus.BAD_REQUEST
    try:
        for owner in _readers(body):
            _keeper.keep(Posted(owner, event_id_of(body), body, now()))
    except (DatabaseError, TimeoutError) as error:
        logger.warning("A webhook of the platform could not be taken: %s", describe(error))
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.OK


def _readers(body: bytes) -> list[Owner]:
    """Return the connections that an event of a connected account is for; a thin one names it as context."""
    found = _names(body)
    account = found.account or found.context
    mode = found.livemode if isinstance(found.livemode, bool) else None
    return routes.readers_of(account, mode) if isinstance(account, str) else []


def _names(body: bytes) -> _Named:
    try:
        return _named.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Named()


def event_id_of(body: bytes) -> str:
    """Return by what a body is known: its event, a thin event's snapshot, or else its hash."""
    found = _names(body)
    for identity in (found.snapshot_event, found.id):
        if isinstance(identity, str) and 0 < len(identity) <= LONGEST_ID and "\x00" not in identity:
            return identity
    return f"sha256:{sha256(body).hexdigest()}"


def _body(environ: Environ) -> bytes | None:
    """Return what was posted, None where it is larger than anything Stripe posts."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        return None if int(length) > LARGEST else bytes(environ["wsgi.input"].read(int(length)))
    body = bytes(environ["wsgi.input"].read(LARGEST + 1))
    return body if len(body) <= LARGEST else None


def _verified(organization_id: UUID | None, connection_id: UUID, header: str, body: bytes) -> bool:
    at = now().timestamp()
    if organization_id is None:
        # As much work as for a connection that exists, so that time does not tell them apart.
        is_signed(header, body, [connection_id.bytes], at)
        return False
    if is_signed(header, body, routes.secrets_of(organization_id, connection_id), at):
        return True
    return is_signed(header, body, routes.secrets_of(organization_id, connection_id, doubted=True), at)
