"""Find coupons that were deleted before the first import: only the discounts made of them know them.

A list cannot be asked for coupons in the discounts of items, nor for the products that a coupon is limited
to; so one object that names such a coupon is asked for alone. Everything else keeps naming it by its id, and
a coupon that is redeemed again changes no object but itself.
"""

from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.db import connection as database

from accounts import jobs
from accounts.models import Job
from accounts.tenancy import tenant, tenant_road
from billing_sync import mirror
from billing_sync.access import stripe_of
from billing_sync.columns import at, members
from billing_sync.fetching import fetch
from billing_sync.mirror import Sighting
from billing_sync.models import Connection
from billing_sync.payload import JsonObject
from billing_sync.resources import COUPONS, SUBSCRIPTIONS
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import NotFoundError, PermissionMissingError, StripeError
from billing_sync.trouble import key_trouble, wait_for
from config.clock import now

KIND = "find_coupons"
MOST = 1_000
WITHIN = "source.coupon.applies_to"
NAMED = (
    "SELECT unnest(catalog_ids) AS name, '{place}' AS place, stripe_id FROM billing_sync_{table} "
    "WHERE organization_id = %(organization)s AND connection_id = %(connection)s AND deleted_at IS NULL"
)
KNOWN = (
    "NOT EXISTS (SELECT FROM billing_sync_{table} AS known WHERE known.organization_id = %(organization)s "
    "AND known.connection_id = %(connection)s AND known.stripe_id = named.name)"
)
UNKNOWN = (
    "SELECT DISTINCT ON (name) name, place, stripe_id FROM ({named}) AS named WHERE {unknown} LIMIT {most}"
)
LOST = UNKNOWN.format(
    named=" UNION ALL ".join(
        NAMED.format(place=place, table=table)
        for place, table in (("subscriptions", "subscription"), ("customers", "customer"))
    ),
    unknown=" AND ".join(KNOWN.format(table=table) for table in ("coupon", "price", "taxrate")),
    most=MOST,
)
Lost = tuple[str, str, str]


def keep(connection: Connection) -> None:
    """See to it that coupons were looked for lately, inside the tenant; cheap where they were."""
    key = str(connection.id)
    if not Job.objects.filter(id=jobs.job_id(connection.organization_id, KIND, key)).exists():
        jobs.enqueue(connection.organization_id, KIND, key)


def step(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Look for every coupon that is named and not known, and keep those that are found as deleted."""
    with tenant(organization_id):
        ours = Connection.objects.filter(organization_id=organization_id, id=connection_id)
        connection = ours.filter(state=Connection.State.LIVE).first()
        lost = _lost(connection) if connection else []
    if connection is None or not lost:
        return jobs.DONE
    try:
        _find(connection, lost)
    except PermissionMissingError:
        return jobs.DONE
    except StripeError as error:
        return jobs.DONE if key_trouble(connection, error) else wait_for(error)
    return jobs.DONE


def _lost(connection: Connection) -> list[Lost]:
    """Return coupons that are named and not known, each with where one object that names it is listed."""
    bound = {"organization": connection.organization_id, "connection": connection.id}
    with database.cursor() as cursor:
        cursor.execute(LOST, bound)
        found: list[Lost] = cursor.fetchall()
    return found


def _find(connection: Connection, lost: list[Lost]) -> None:
    fetch(connection, [(COUPONS, name) for name, _, _ in lost])
    with tenant(connection.organization_id):
        lost = _lost(connection)
    stripe = stripe_of(connection)
    for name, place, identity in lost:
        fetched_at = now()
        coupon = _embedded(stripe, name, place, identity)
        if coupon is not None:
            sighting = Sighting(coupon, fetched_at, settings.STRIPE_API_VERSION, deleted=True)
            with tenant_road(connection.organization_id) as road:
                road.travel()
                mirror.store_found(connection, [(COUPONS, sighting)], road)


def _embedded(stripe: Stripe, name: str, place: str, identity: str) -> JsonObject | None:
    """Return a coupon as the discounts of one object embed it, None where they do not."""
    found = (coupon for value in _asked(stripe, place, identity) for coupon in _coupons(value))
    return next((one for one in found if one.get("id") == name and one.get("duration")), None)


def _asked(stripe: Stripe, place: str, identity: str) -> Iterator[JsonObject]:
    within = "discounts" if place == SUBSCRIPTIONS.name else "discount"
    try:
        value = stripe.retrieve(f"/v1/{place}/{identity}", expand=[f"{within}.{WITHIN}"])
        yield value
        for item in members(value, "items"):
            if item.get("discounts"):
                yield stripe.retrieve(f"/v1/subscription_items/{item['id']}", expand=[f"discounts.{WITHIN}"])
    except NotFoundError:
        return


def _coupons(value: JsonObject) -> Iterator[JsonObject]:
    for discount in (*members(value, "discounts"), value.get("discount")):
        coupon = at(discount, "source.coupon")
        if isinstance(coupon, dict):
            yield coupon
