"""Fetch named objects as they are now: each under a lock of its own, stored if seen later than what is there.

Who fetches an object waits until one who fetches it already has stored it, so that a slow old answer never
covers a new one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings

from accounts.pipeline import Road
from accounts.tenancy import tenant_road
from billing_sync import mirror
from billing_sync.access import stripe_of
from billing_sync.columns import at
from billing_sync.hints import Target
from billing_sync.mirror import Found, Sighting, Unusable
from billing_sync.models import BalanceTransaction, Connection, Invoice, InvoiceItem
from billing_sync.payload import JsonObject
from billing_sync.reading import read_one
from billing_sync.resources import BALANCE_TRANSACTIONS, CHARGES, INVOICE_ITEMS, INVOICES, REFUNDS
from billing_sync.stripe_client import Fetchers, Stripe
from billing_sync.stripe_errors import (
    NotFoundError,
    PermissionMissingError,
    StripeError,
    StripeTroubleError,
    UnreachableError,
)
from config.clock import now

FETCHERS = 8
AT_ONCE = 50
# More objects of one batch in trouble are trouble of Stripe's, not theirs.
FEW = 3
Looked = Sighting | Unusable | StripeError | None


def fetch(connection: Connection, targets: Iterable[Target], told: Sequence[JsonObject] = ()) -> list[str]:
    """Fetch objects at our version and store them; return the ids of those that changed.

    One that is gone becomes a tombstone; if it was never seen it is kept as its last event, among those
    `told`, shows it. Raise StripeError where Stripe gives no answer; what was stored before that stays.
    """
    with fetched(connection, targets, told) as (_, changed):
        return changed


@contextmanager
def fetched(
    connection: Connection, targets: Iterable[Target], told: Sequence[JsonObject] = ()
) -> Iterator[tuple[Road, list[str]]]:
    """Fetch objects as `fetch` does; the block belongs to the transaction that stores the last of them.

    It is given that transaction's road.
    """
    stripe, changed = stripe_of(connection), list[str]()
    wanted = list(dict.fromkeys(targets))
    left, all_named = wanted, False
    every: list[Found] = []
    while True:
        some, left = left[:AT_ONCE], left[AT_ONCE:]
        with tenant_road(connection.organization_id) as road:
            mirror.lock(connection, some, road)
            if some:
                found = list(_found(stripe, some, told))
                changed += mirror.store_found(connection, found, road)
                every += found
            if not left and not all_named:
                all_named = True
                named = [*_balance_transactions(connection, every), *_billed_items(connection, wanted)]
                left = [target for target in dict.fromkeys(named) if target not in wanted]
            if not left:
                yield road, changed
                return


def _found(stripe: Stripe, targets: Sequence[Target], told: Sequence[JsonObject]) -> Iterator[Found]:
    looked = _look_at_all(stripe, targets)
    _look_again(stripe, targets, looked)
    for (resource, identity), seen in zip(targets, looked, strict=True):
        if isinstance(seen, StripeError):
            yield resource, Unusable(identity, str(seen))
        elif isinstance(seen, Sighting) and seen.deleted:
            yield resource, _as_told(seen, identity, told)
        elif seen is not None:
            yield resource, seen


def _look_at_all(stripe: Stripe, targets: Sequence[Target]) -> list[Looked]:
    if len(targets) == 1:
        return [_look(stripe, targets[0])]
    with Fetchers(min(FETCHERS, len(targets))) as fetchers:
        return list(fetchers.map(lambda target: _look(stripe, target), targets))


def _look(stripe: Stripe, target: Target) -> Looked:
    """Return an object as it is now, a deleted one if it is gone, None where the key may not read it."""
    resource, identity = target
    fetched_at = now()
    try:
        return read_one(stripe, resource, identity)
    except NotFoundError:
        gone = {"id": identity, "deleted": True}
        return Sighting(gone, fetched_at, settings.STRIPE_API_VERSION, deleted=True)
    except PermissionMissingError:
        return None
    except ValueError as error:
        return Unusable(identity, str(error))
    except (StripeTroubleError, UnreachableError) as error:
        return error


def _look_again(stripe: Stripe, targets: Sequence[Target], looked: list[Looked]) -> None:
    """Look once more at what failed; raise unless it is a few objects' own trouble, Stripe being well."""
    failed = [place for place, one in enumerate(looked) if isinstance(one, StripeError)]
    if not failed:
        return
    stripe.retrieve("/v1/account")
    for place in failed:
        looked[place] = _look(stripe, targets[place])
    still = [one for one in looked if isinstance(one, StripeError)]
    if len(still) > FEW:
        raise still[0]


def _as_told(gone: Sighting, identity: str, told: Sequence[JsonObject]) -> Sighting:
    """Return a deleted object with its last state, where the event of its deletion tells it."""
    for event in reversed(told):
        if str(event.get("type")).endswith(".deleted") and at(event, "data.object.id") == identity:
            version = str(event.get("api_version") or "")[:64]
            return Sighting(event["data"]["object"], gone.fetched_at, version, deleted=True)
    return gone


def _balance_transactions(connection: Connection, found: Sequence[Found]) -> list[Target]:
    """Name what these charges and refunds did to the balance, where it is not known yet."""
    moving = (one for resource, one in found if resource in (CHARGES, REFUNDS) and isinstance(one, Sighting))
    named = {identity for one in moving if isinstance(identity := one.value.get("balance_transaction"), str)}
    if not named:
        return []
    known = BalanceTransaction.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id, stripe_id__in=named
    )
    return [
        (BALANCE_TRANSACTIONS, one) for one in sorted(named - set(known.values_list("stripe_id", flat=True)))
    ]


def _billed_items(connection: Connection, targets: Sequence[Target]) -> list[Target]:
    """Name the items that these invoices may have taken up: no event tells that of the item itself."""
    ours = {"organization_id": connection.organization_id, "connection_id": connection.id}
    invoices = [identity for resource, identity in targets if resource is INVOICES]
    if not invoices:
        return []
    billed = Invoice.objects.filter(**ours, stripe_id__in=invoices).exclude(customer_id="")
    pending = InvoiceItem.objects.filter(
        **ours, customer_id__in=billed.values("customer_id"), invoice_id="", deleted_at=None
    )
    return [(INVOICE_ITEMS, identity) for identity in pending.values_list("stripe_id", flat=True)]
