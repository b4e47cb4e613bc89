"""Every mirrored row that some payers' histories are made from, in one statement and one round trip."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from enum import IntEnum
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from metrics.build.pipeline import Road, packed


class Kind(IntEnum):
    """What a row is, in the order in which it is taken in: what is known first names discounts first."""

    CUSTOMER = 0
    EVENT = 1
    SUBSCRIPTION = 2
    ENDED_SUBSCRIPTION = 3
    PAYMENT = 4
    INVOICE = 5
    INVOICE_ITEM = 6
    SCHEDULE = 7
    REFUND = 8
    CREDIT_NOTE = 9
    PRICE = 10
    COUPON = 11


class Mirrored(NamedTuple):
    """A mirrored object of a payer; prices, coupons and payments have none.

    `word` is an event's type, and a payment's invoice.
    `at` is when an event was made, and a subscription or a customer still there fetched, in unix seconds.
    """

    kind: int
    customer_id: str
    stripe_id: str
    payload: bytes
    at: int
    word: str
    position: int


EVENTS = Kind.EVENT.value, Kind.EVENT.value + 1
KIND, BY_ID, BY_TIME = itemgetter(0), itemgetter(0, 2), itemgetter(4, 6)
ROW = (
    "SELECT {kind}::int4, {customer} AS customer_id, one.stripe_id, one.payload, {at}, {word}, {position} "
    "FROM billing_sync_{table} AS one "
)
OURS = "one.organization_id = %(organization)s AND one.connection_id = %(connection)s"
TOLD = "(starts_with(one.type, 'customer.subscription.') OR starts_with(one.type, 'customer.discount.'))"
# An invoice that was more than a draft stays evidence, also when it is gone from Stripe.
BILLED = "(one.deleted_at IS NULL OR one.status <> 'draft')"
# One that an invoice took up is told by that.
PENDING = "one.deleted_at IS NULL AND one.invoice_id = ''"
SECONDS = "coalesce(floor(extract(epoch FROM one.{}))::bigint, 0)"
PRESENT = f"CASE WHEN one.deleted_at IS NULL THEN {SECONDS.format('fetched_at')} ELSE 0 END"
# Found by arrays, not by joins: before tables are analyzed, a join is planned as if they were empty.
NAMED_BY = (
    "one.{reference} = ANY(ARRAY(SELECT known.stripe_id FROM billing_sync_{other} AS known "
    "WHERE known.organization_id = %(organization)s AND known.connection_id = %(connection)s "
    "AND known.customer_id = ANY({names})))"
)
CHARGED = (
    "(SELECT known.customer_id FROM billing_sync_charge AS known "
    "WHERE known.organization_id = one.organization_id AND known.connection_id = one.connection_id "
    "AND known.stripe_id = one.charge_id)"
)
SUBSCRIBED = (
    "CASE WHEN one.deleted_at IS NULL "
    f"THEN {Kind.SUBSCRIPTION.value} ELSE {Kind.ENDED_SUBSCRIPTION.value} END"
)


def _owned(kind: object, table: str, condition: str, **columns: str) -> str:
    parts = {
        "kind": getattr(kind, "value", kind),
        "table": table,
        "customer": "one.customer_id",
        "at": "0::bigint",
        "word": "''",
        "position": "0::bigint",
        **columns,
    }
    whose = columns.get("whose", f"{parts['customer']} = ANY(%(names)s::text[])")
    return ROW.format(**parts) + f"WHERE {OURS} AND {whose} AND {condition}"


# Stripe may leave a refund's customer out: its charge knows it.
REFUNDS = " UNION ALL ".join(
    [
        _owned(Kind.REFUND, "refund", "one.deleted_at IS NULL"),
        _owned(
            Kind.REFUND,
            "refund",
            "one.customer_id = '' AND one.deleted_at IS NULL",
            customer=CHARGED,
            whose=NAMED_BY.format(reference="charge_id", other="charge", names="%(names)s::text[]"),
        ),
    ]
)
# What paid an invoice is asked of those alone to whom something was given back.
REFUNDED = "ARRAY(SELECT refund.customer_id FROM refund)"
HISTORY = " UNION ALL ".join(
    [
        _owned(Kind.CUSTOMER, "customer", "true", customer="one.stripe_id", at=PRESENT),
        _owned(
            Kind.EVENT,
            "event",
            TOLD,
            at=SECONDS.format("created_at"),
            word="one.type",
            position="coalesce(one.position, -1)",
        ),
        _owned(SUBSCRIBED, "subscription", "true", at=SECONDS.format("fetched_at")),
        _owned(
            Kind.PAYMENT,
            "invoicepayment",
            "true",
            customer="''",
            word="one.invoice_id",
            whose=NAMED_BY.format(reference="invoice_id", other="invoice", names=REFUNDED),
        ),
        _owned(Kind.INVOICE, "invoice", BILLED),
        _owned(Kind.INVOICE_ITEM, "invoiceitem", PENDING),
        _owned(Kind.SCHEDULE, "subscriptionschedule", "one.deleted_at IS NULL"),
        "SELECT * FROM refund",
        _owned(Kind.CREDIT_NOTE, "creditnote", "one.deleted_at IS NULL"),
    ]
)
READ = f"WITH refund AS MATERIALIZED ({REFUNDS}) {HISTORY}"
# What their subscriptions name now, and what was stored of them before: nearly always all.
NAMED = (
    "SELECT unnest(catalog_ids) AS id FROM billing_sync_subscription "
    "WHERE organization_id = %(organization)s AND connection_id = %(connection)s "
    "AND customer_id = ANY(%(names)s::text[]) "
    "UNION SELECT unnest(catalog_ids) FROM billing_sync_customer WHERE organization_id = %(organization)s "
    "AND connection_id = %(connection)s AND stripe_id = ANY(%(names)s::text[]) "
    "UNION SELECT unnest(price_id || discounts) FROM metrics_configuration "
    "WHERE organization_id = %(organization)s AND connection_id = %(connection)s "
    "AND customer_id = ANY(%(names)s::text[])"
)
ANY_NAMED = "one.stripe_id = ANY(ARRAY(SELECT id FROM named))"
PRICED = " UNION ALL ".join(
    [
        f"WITH named AS MATERIALIZED ({NAMED}), {READ.removeprefix('WITH ')}",
        _owned(Kind.PRICE, "price", "true", customer="''", whose=ANY_NAMED),
        _owned(Kind.COUPON, "coupon", "true", customer="''", whose=ANY_NAMED),
    ]
)


class Asked:
    """The rows of some payers, on their way."""

    def __init__(
        self, organization_id: UUID, connection_id: UUID, names: Sequence[str], road: Road, *, priced: bool
    ) -> None:
        bound = {"organization": organization_id, "connection": connection_id, "names": packed("text", names)}
        self.names = names
        self._rows = road.send(PRICED if priced else READ, bound)

    def rows(self) -> dict[str, list[Mirrored]]:
        """Return the rows by payer, kind by kind, events by time and everything else by id.

        Prices and coupons that they use are among those of nobody, if asked for and as far as that is known.
        """
        found: dict[str, list[Mirrored]] = defaultdict(list)
        for row in map(Mirrored._make, self._rows.fetchall()):
            found[row.customer_id].append(row)
        for rows in found.values():
            rows.sort(key=BY_ID)
            first, last = (bisect_left(rows, kind, key=KIND) for kind in EVENTS)
            rows[first:last] = sorted(rows[first:last], key=BY_TIME)
        return found
