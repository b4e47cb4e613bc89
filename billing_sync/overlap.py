"""An archive of events that tells of an account which is connected too: its customers count once.

Ids of Stripe's are one account's and one mode's alone, so that one customer, subscription or invoice known to
both tells that they are the same. The account's own mirror is summed then, for only that is compared with
Stripe; the archive is kept, and counts again where the account's data are deleted.
"""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef

from billing_sync.models import Connection
from billing_sync.resources import CUSTOMERS, INVOICES, SUBSCRIPTIONS

TELLING = (CUSTOMERS, SUBSCRIPTIONS, INVOICES)


class Account(Protocol):
    """A connection as far as this rule asks."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def account_id(self) -> str: ...
    @property
    def imported_at(self) -> object: ...


def recognize(organization_id: UUID) -> None:
    """Write down whose account an archive tells of, where that account is connected; inside the tenant."""
    ours = Connection.objects.filter(organization_id=organization_id)
    for archive in ours.filter(kind=Connection.Kind.ARCHIVE, account_id=""):
        accounts = ours.exclude(kind=Connection.Kind.ARCHIVE).exclude(account_id="")
        for account in accounts.order_by("created_at", "id"):
            if _share(archive, account):
                archive.account_id = account.account_id
                archive.save(update_fields=["account_id"])
                break


def superseded(connections: Iterable[Account]) -> set[UUID]:
    """Return the archives that are not summed, for the account that they tell of is."""
    given = list(connections)
    read = {one.account_id for one in given if one.kind != Connection.Kind.ARCHIVE and one.imported_at}
    return {one.id for one in given if one.kind == Connection.Kind.ARCHIVE and one.account_id in read - {""}}


def _share(archive: Connection, account: Connection) -> bool:
    for resource in TELLING:
        objects = resource.model._default_manager.filter(organization_id=archive.organization_id)
        same = objects.filter(connection_id=account.id, stripe_id=OuterRef("stripe_id"))
        if objects.filter(Exists(same), connection_id=archive.id).exists():
            return True
    return False
