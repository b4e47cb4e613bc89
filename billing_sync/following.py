"""Fetch what events and webhooks name; keep account of what that cost and until when the account is known."""

from collections.abc import Iterable, Sequence
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
    wanted = list(dict.fromkeys(targets))
    if not wanted:
        return
    trouble: StripeError | None = None
    with metered() as meter:
        try:
            fetch(connection, wanted, told)
        except StripeError as error:
            trouble = error
    with tenant(connection.organization_id):
        run_id = runs.begin(connection, KIND)
        runs.progress(connection, run_id, meter, 0 if trouble else len(wanted))
        if trouble is not None:
            runs.trouble(connection, run_id, trouble)
    if trouble is not None:
        raise trouble


def reach(connection: Connection, at: datetime) -> None:
    """Move forward until when an account is known; inside the tenant."""
    ours = Connection.objects.filter(organization_id=connection.organization_id, id=connection.id)
    ours.filter(Q(data_through=None) | Q(data_through__lt=at)).update(data_through=at)


def conclude(connection: Connection) -> None:
    """End the reading of events that is open, if one is: everything told of has been fetched."""
    ours = SyncRun.objects.filter(organization_id=connection.organization_id, connection_id=connection.id)
    for run_id in ours.filter(kind=KIND, state=SyncRun.State.RUNNING).values_list("id", flat=True):
        runs.end(connection, run_id)
