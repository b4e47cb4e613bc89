"""The jobs of the sync: each takes ids and calls one function."""

from uuid import UUID

from accounts.jobs import Outcome, handler
from accounts.standing import standing
from billing_sync import backfill, checking, deleted_coupons, disconnecting, events, reconcile, tending
from billing_sync.webhooks import deliveries, endpoints


@handler("check_connection")
def check_connection(organization_id: UUID, key: str) -> Outcome:
    """Check the key of the connection `key`."""
    return checking.check(organization_id, UUID(key))


@handler("backfill")
def backfill_resource(organization_id: UUID, key: str) -> Outcome:
    """Read on in an account's lists; `key` is "connection:lane"."""
    return backfill.step(organization_id, key)


@handler("poll_events")
def poll_events(organization_id: UUID, key: str) -> Outcome:
    """Read new events of the connection `key` and fetch what they name; comes back by itself."""
    return events.step(organization_id, UUID(key))


@handler("process_webhooks")
def process_webhooks(organization_id: UUID, key: str) -> Outcome:
    """Fetch what the kept webhooks of the connection `key` name."""
    return deliveries.step(organization_id, UUID(key))


@handler("webhook_endpoint")
def webhook_endpoint(organization_id: UUID, key: str) -> Outcome:
    """Bring the webhook endpoint of the connection `key` to the state that was asked for."""
    return endpoints.step(organization_id, UUID(key))


@handler("disconnect")
def disconnect(organization_id: UUID, key: str) -> Outcome:
    """Finish the end of the connection `key`: forget its key, and delete its rows if that was chosen."""
    return disconnecting.step(organization_id, UUID(key))


@handler(deleted_coupons.KIND)
def find_coupons(organization_id: UUID, key: str) -> Outcome:
    """Find what coupons of the connection `key` were that no list shows any more."""
    return deleted_coupons.step(organization_id, UUID(key))


@handler("reconcile")
def compare_and_mend(organization_id: UUID, key: str) -> Outcome:
    """Compare an account with its mirror; `key` is "connection:purpose"; comes back each night or week."""
    return reconcile.step(organization_id, key)


@handler("deauthorize")
def deauthorize(organization_id: UUID, key: str) -> Outcome:
    """Give up the access to an account at Stripe; `key` is "account:mode"."""
    return disconnecting.give_up_access(organization_id, key)


@standing("tend_sync")
def tend_sync(organization_id: UUID, _key: str) -> Outcome:
    """See to it that no connection waits for a job that nobody was asked to do; comes back by itself."""
    return tending.tend(organization_id)
