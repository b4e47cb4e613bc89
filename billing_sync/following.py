"""Fetch what events and webhooks name; keep account of what that cost and until when the account is known."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Q

from accounts.tenancy import tenant
from billing_sync import runs
from billing_sync.fetching import fetch
from billing_sync.hints import Target
from billing_sync.metering import metered
from billing_sync.models import Connection, SyncRun
from billing_sync.payload import JsonObject
from billing_sync.stripe_errors import StripeError

KIND = SyncRun.Kind.EVENTS


def follow(connection: Connection, targets: Iterable[Target], told: Sequence[JsonObject] = ()) -> None:
    """Fetch objects as `fetch` does, as a part of the connection's open reading of events."""
    wanted = list(targets)
    if wanted:
        with followed(connection, wanted, told):
            return


@contextmanager
def followed(
    connection: Connection, targets: Iterable[Target], told: Sequence[JsonObject] = ()
) -> Iterator[None]:
    """Fetch objects as `follow` does; the block then belongs to the transaction that notes what it cost."""
    wanted = list(dict.fromkeys(targets))
    with metered() as meter:
        try:
            if wanted:
                fetch(connection, wanted, told)
        except StripeError as error:
            with tenant(connection.organization_id):
                run_id = runs.add(connection, KIND, meter, 0)
                runs.trouble(connection, run_id, error)
            raise
    with tenant(connection.organization_id):
        if wanted:
            runs.add(connection, KIND, meter, len(wanted))
        yield


def reach(connection: Connection, at: datetime) -> None:
    """Move forward until when an account is known; inside the tenant."""
    ours = Connection.objects.filter(organization_id=connection.organization_id, id=connection.id)
    ours.filter(Q(data_through=None) | Q(data_through__lt=at)).update(data_through=at)


def conclude(connection: Connection) -> None:
    """End the reading of events that is open, if one is: everything told of has been fetched."""
    ours = SyncRun.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)
    for run_id in ours.filter(kind=KIND, state=SyncRun.State.RUNNING).values_list("id", flat=True):
        runs.end(connection, run_id)
