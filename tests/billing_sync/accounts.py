"""Invented accounts, connected and synced, and servers that answer some addresses in their own way."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.connecting import connect
from billing_sync.digest import digest
from billing_sync.models import Connection, Mirrored
from billing_sync.payload import JsonObject, read_payload
from billing_sync.sandbox.app import Sandbox, Start
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.keys import FULL_KEY
from billing_sync.sandbox.server import Server
from billing_sync.syncing import sync

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
Answers = Mapping[str, tuple[int, bytes]]


def connected(organization: Organization, base_url: str, key: str = FULL_KEY) -> None:
    """Connect an account and read it to its end."""
    connect(organization.id, api_key=key, api_base=base_url)
    sync(organization.id)


def connection_of(organization: Organization) -> Connection:
    """Return the organization's only connection."""
    with tenant(organization.id):
        return Connection.objects.get(organization_id=organization.id)


def payloads(organization: Organization, model: type[Mirrored]) -> dict[str, JsonObject]:
    """Return the mirrored objects of one kind by their ids."""
    with tenant(organization.id):
        return {
            one.stripe_id: read_payload(one.payload)
            for one in model._default_manager.filter(organization_id=organization.id)
        }


def rows(organization: Organization, model: type[Any], *names: str) -> list[tuple[Any, ...]]:
    """Return columns of the organization's rows of one table, sorted."""
    with tenant(organization.id):
        return sorted(model._default_manager.filter(organization_id=organization.id).values_list(*names))


def facts(organization: Organization, *, without: Iterable[str] = ()) -> dict[str, str]:
    """Return the digest of the mirror's tables."""
    return {
        table: value
        for table, value in digest(organization.id)
        if table.startswith("billing_sync_") and table not in without
    }


class Altered(Sandbox):
    """A sandbox that answers the addresses ending in one of `answers` with that status and body."""

    answers: Answers = {}
    asked: list[str]

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        asked = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        self.asked.append(asked)
        for ending, (status, body) in self.answers.items():
            if environ["PATH_INFO"].endswith(ending):
                start(f"{status} Said", [("Content-Length", str(len(body))), ("Request-Id", "req_altered")])
                return [body]
        return super().__call__(environ, start)


@contextmanager
def altered(company: Company, answers: Answers) -> Iterator[tuple[str, list[str]]]:
    """Serve a company with some answers of our own; give the address and what was asked."""
    sandbox = Altered(company)
    sandbox.answers, sandbox.asked = answers, []
    server = Server(sandbox, 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.base_url, sandbox.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
