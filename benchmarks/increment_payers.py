"""What the payers are whom `increment_work` changes, and how many events one renewal of theirs writes."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection as database

OWN = "organization_id = %(organization)s AND customer_id = ANY(%(payers)s)"
OWNED = f"""
SELECT (SELECT count(*) FROM billing_sync_event AS one WHERE {OWN}),
    (SELECT count(*) FROM billing_sync_event AS one WHERE {OWN}
     AND (starts_with(type, 'customer.subscription.') OR starts_with(type, 'customer.discount.'))),
    (SELECT count(*) FROM billing_sync_subscription AS one WHERE {OWN}),
    (SELECT count(*) FROM billing_sync_invoice AS one WHERE {OWN}),
    (SELECT count(*) FROM metrics_invoicedline AS one WHERE {OWN}),
    (SELECT count(*) FROM metrics_segment AS one WHERE {OWN})
"""  # noqa: S608 - our words
# Stripe logs a payer's events from the making of the invoice to its payment; all in a second wait together.
RENEWALS = """
WITH renewal AS MATERIALIZED (
    SELECT one.connection_id, one.customer_id, one.created_at, one.paid_at FROM billing_sync_invoice AS one
    WHERE one.organization_id = %(organization)s AND one.customer_id = ANY(%(payers)s)
      AND one.billing_reason = 'subscription_cycle' AND one.status = 'paid' AND EXISTS (
        SELECT FROM billing_sync_event AS made WHERE made.organization_id = one.organization_id
        AND made.connection_id = one.connection_id AND made.customer_id = one.customer_id
        AND made.type = 'invoice.created' AND made.object_id = one.stripe_id))
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY written.events),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY written.together)
FROM renewal CROSS JOIN LATERAL (
    SELECT count(*) AS events, count(*) FILTER (WHERE event.created_at = renewal.paid_at) AS together
    FROM billing_sync_event AS event WHERE event.organization_id = %(organization)s
      AND event.connection_id = renewal.connection_id AND event.customer_id = renewal.customer_id
      AND event.created_at BETWEEN renewal.created_at AND renewal.paid_at) AS written
"""


class Renewals(NamedTuple):
    """Renewals in the log, the events of the middle one, and how many of those are of its last second."""

    counted: int
    events: int
    together: int


def described(organization_id: UUID, payers: Sequence[str]) -> str:
    """Say what a payer has on average; inside the tenant."""
    with database.cursor() as cursor:
        cursor.execute(OWNED, {"organization": organization_id, "payers": list(payers)})
        each = [f"{count / len(payers):.1f}" for count in cursor.fetchone()]
    logged, read, subscriptions, invoices, lines, segments = each
    return (
        f"One payer has, on the average of {len(payers)}: {subscriptions} subscriptions, {invoices} invoices "
        f"with {lines} lines, {logged} logged events ({read} of them of subscriptions and discounts, which "
        f"are read), {segments} segments."
    )


def renewals(organization_id: UUID, payers: Sequence[str]) -> Renewals:
    """Count in the log what a renewal writes; inside the tenant."""
    with database.cursor() as cursor:
        cursor.execute(RENEWALS, {"organization": organization_id, "payers": list(payers)})
        return Renewals._make(cursor.fetchone())
