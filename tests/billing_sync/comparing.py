"""An account changed behind its events' back, and a mirror that is compared with it here and now."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Repair, SyncRun
from billing_sync.payload import read_payload
from billing_sync.resources import EVENTS, PAYMENT_METHODS, RESOURCES
from billing_sync.sandbox.app import Sandbox
from billing_sync.sandbox.company import Company
from billing_sync.sandbox.faults import Faults
from billing_sync.sandbox.server import serving
from billing_sync.syncing import reconcile
from tests.billing_sync.accounts import rows
from tests.billing_sync.sandbox.asking import control

Mended = list[tuple[str, str, str, str]]


class Tampered:
    """A company that is served, and what may be done to it."""

    def __init__(self, sandbox: Sandbox, base_url: str) -> None:
        self.sandbox, self.base_url = sandbox, base_url

    def alter(self, kind: str, identity: str, *, event: bool = False, **changes: Any) -> None:
        told = {"kind": kind, "id": identity, "changes": changes, "event": event}
        control(self.base_url, "alter", told)

    def delete(self, kind: str, identity: str, *, event: bool = False) -> None:
        control(self.base_url, "delete", {"kind": kind, "id": identity, "event": event})


@contextmanager
def served(company: Company, faults: Faults | None = None) -> Iterator[Tampered]:
    """Serve a company that can be changed silently."""
    sandbox = Sandbox(company, faults=faults)
    with serving(sandbox) as base_url:
        yield Tampered(sandbox, base_url)


def compared(organization: Organization, purpose: str = "weekly") -> Mended:
    """Compare once; return (resource, id, difference, cause) of each repair."""
    before = {row[0] for row in rows(organization, Repair, "id")}
    reconcile(organization.id, purpose)
    found = rows(organization, Repair, "resource", "stripe_id", "difference", "cause", "id")
    return [row[:4] for row in found if row[4] not in before]


def last_run(organization: Organization) -> dict[str, Any]:
    """Return the newest comparison."""
    names = ("started_at", "kind", "state", "repaired", "unexplained", "objects_read", "requests", "error")
    found = [row for row in rows(organization, SyncRun, *names) if row[1] in ("nightly", "weekly")]
    return dict(zip(names, found[-1], strict=True))


def living(organization: Organization) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the mirror holds of everything that Stripe lists and has not deleted, but for events."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    with tenant(organization.id):
        for resource in RESOURCES:
            if resource in (EVENTS, PAYMENT_METHODS):
                continue
            present = resource.model._default_manager.filter(organization_id=organization.id, deleted_at=None)
            columns = [column.name for column in resource.columns]
            for identity, payload, *typed in present.values_list("stripe_id", "payload", *columns):
                found[resource.name, identity] = {"payload": read_payload(payload), "typed": typed}
    return found
