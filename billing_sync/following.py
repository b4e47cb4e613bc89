"""Fetch what events and webhooks name; keep account of what that cost and until when the account is known."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db.models import Q

from accounts.pipeline import Road
from accounts.tenancy import tenant, tenant_road
from billing_sync import runs
from billing_sync.fetching import fetched
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
) -> Iterator[Road]:
    """Fetch objects as `follow` does; the block belongs to the transaction that stores the last of them.

    It is given that transaction's road, on which what the reading cost waits to be noted.
    """
    wanted = list(dict.fromkeys(targets))
    if not wanted:
        with tenant_road(connection.organization_id) as road:
            yield road
        return
    with metered() as meter:
        try:
            with fetched(connection, wanted, told) as (road, _):
                runs.add_by(road, connection, KIND, meter, len(wanted))
                yield road
        except StripeError as error:
            with tenant(connection.organization_id):
                run_id = runs.add(connection, KIND, meter, 0)
                runs.trouble(connection, run_id, error)
            raise


def reach(connection: Connection, at: datetime) -> None:
    """Move forward until when an account is known; inside the tenant."""
    ours = Connection.objects.filter(organization_id=connection.organization_id, id=connection.id)
    ours.filter(Q(data_through=None) | Q(data_through__lt=at)).update(data_through=at)


def conclude(connection: Connection) -> None:
    """End the reading of events that is open, if one is: everything told of has been fetched."""
    ours = SyncRun.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)
    for run_id in ours.filter(kind=KIND, state=SyncRun.State.RUNNING).values_list("id", flat=True):
        runs.end(connection, run_id)
