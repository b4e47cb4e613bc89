"""The evidence of a headline as JSON: all that somebody needs to compute it again without Millrace.

Amounts that go into the arithmetic are exact: minor units as text, `49/2` for 24.5.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from metrics.build.load import Loader
from metrics.build.rows import configuration
from metrics.core.facts import Catalogue, Coupon, Price
from metrics.core.history import Configuration
from metrics.core.ledger import DURATIONS
from metrics.core.pricing import Charge
from metrics.evidence.arithmetic import charge, month_share, priced_units
from metrics.evidence.held import instant
from metrics.evidence.pages import BUILT, fetched
from metrics.flows import Month
from metrics.model import written
from metrics.periods import shift
from metrics.queries import Shown
from metrics.settings import settings

LARGEST = 20_000
WITHIN = "from_at <= %(at)s AND (to_at IS NULL OR to_at > %(at)s) AND currency = %(currency)s"
SEGMENTS = f"""
    SELECT connection_id, customer_id, subscription_id, item_id, mrr_micro, excluded, evidence,
        from_at, to_at, start_exact, end_exact
    FROM metrics_segment WHERE {BUILT} AND {WITHIN}
"""  # noqa: S608 - constants of this module
COUNTED = f"""
    SELECT (SELECT count(*) FROM metrics_segment WHERE {BUILT} AND {WITHIN}) + (
        SELECT count(*) FROM metrics_movement WHERE {BUILT} AND currency = %(currency)s
        AND date >= %(start)s AND date < %(end)s
    )
"""  # noqa: S608
CONFIGURATIONS = f"""
    SELECT connection_id, customer_id, subscription_id, item_id, extract(epoch FROM from_at)::bigint,
        extract(epoch FROM to_at)::bigint, price_id, quantity, currency, status, paid, collection_paused,
        cancel_requested, refunded, extract(epoch FROM unpaid_since)::bigint, discounts, tax_share, "usage",
        cancellation, evidence, start_exact, end_exact
    FROM metrics_configuration
    WHERE organization_id = %(organization)s AND connection_id = ANY(%(connections)s) AND {WITHIN}
    ORDER BY connection_id, customer_id, subscription_id, item_id
"""  # noqa: S608
MOVEMENTS = f"""
    SELECT date, connection_id, customer_id, kind, amount_micro, reasons FROM metrics_movement
    WHERE {BUILT} AND currency = %(currency)s AND date >= %(start)s AND date < %(end)s
    ORDER BY date, connection_id, customer_id
"""  # noqa: S608
ItemKey = tuple[UUID, str, str, str]


class TooLargeError(Exception):
    """More rows than one answer should hold."""

    def __init__(self, rows: int) -> None:
        super().__init__(f"{rows} rows")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Together:
    """The items of one subscription at the instant, in order."""

    connection_id: UUID
    customer_id: str
    rows: list[Configuration]


def evidence(shown: Shown, month: Month, *, refuse_large: bool = True) -> dict[str, Any]:
    """Return the evidence of a month's ending MRR and movements; TooLargeError says if it is too large."""
    last = shift(month.month, 1) - timedelta(days=1)
    at = instant(shown, last)
    bound = _bound(shown, month, at)
    ((rows,),) = fetched(COUNTED, bound)
    if refuse_large and rows > LARGEST:
        raise TooLargeError(rows)
    through = shown.freshness.data_through
    return {
        "headline": {
            "month": f"{month.month:%Y-%m}",
            "currency": month.currency,
            "at": written(datetime.fromtimestamp(at, UTC)),
            "data_through": written(through) if through else None,
            "starting_mrr_micro": month.starting_micro,
            "ending_mrr_micro": month.ending_micro,
            "arr_micro": 12 * month.ending_micro,
        },
        "definition": {**settings(shown.definition), "version": shown.definition.version},
        "subscriptions": _subscriptions(shown, bound),
        "movements": [
            {
                "date": on.isoformat(),
                "connection": str(connection_id),
                "customer": customer_id,
                "kind": kind,
                "amount_micro": amount,
                "reasons": reasons,
            }
            for on, connection_id, customer_id, kind, amount, reasons in fetched(MOVEMENTS, bound)
        ],
    }


def _bound(shown: Shown, month: Month, at: int) -> dict[str, Any]:
    return {
        "organization": shown.organization_id,
        "connections": list(shown.connection_ids),
        "currency": month.currency,
        "at": datetime.fromtimestamp(at, UTC),
        "start": month.month,
        "end": shift(month.month, 1),
    }


def _subscriptions(shown: Shown, bound: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every subscription with an item at the instant, its discounts in the order of their taking."""
    groups: dict[tuple[UUID, str, str], Together] = {}
    for connection_id, customer_id, *values in fetched(CONFIGURATIONS, bound):
        row = configuration(values)
        key = (connection_id, customer_id, row.subscription)
        groups.setdefault(key, Together(connection_id, customer_id, [])).rows.append(row)
    shelves = _catalogues(shown.organization_id, groups.values())
    results: dict[ItemKey, Sequence[Any]] = {row[:4]: row[4:] for row in fetched(SEGMENTS, bound)}
    return [_subscription(one, shelves[one.connection_id], shown, results) for one in groups.values()]


def _catalogues(organization_id: UUID, groups: Any) -> dict[UUID, Catalogue]:
    found, lacking = dict[UUID, Loader](), defaultdict[UUID, list[str]](list)
    for one in groups:
        loader = found.get(one.connection_id)
        if loader is None:
            loader = found[one.connection_id] = Loader(organization_id, one.connection_id)
        if not all(_known(row, loader.shelf.catalogue()) for row in one.rows):
            lacking[one.connection_id].append(one.customer_id)
    for connection_id, names in lacking.items():
        for _ in found[connection_id].customers(names):
            pass
    return {connection_id: loader.shelf.catalogue() for connection_id, loader in found.items()}


def _known(row: Configuration, catalogue: Catalogue) -> bool:
    return row.price in catalogue.prices and all(one.coupon in catalogue.coupons for one in row.discounts)


def _subscription(
    one: Together, catalogue: Catalogue, shown: Shown, results: dict[ItemKey, Sequence[Any]]
) -> dict[str, Any]:
    charges = [charge(row, catalogue, shown.definition) for row in one.rows]
    return {
        "connection": str(one.connection_id),
        "customer": one.customer_id,
        "subscription": one.rows[0].subscription,
        "discounts": _discounts(charges, catalogue, one.rows[0].currency),
        "items": [
            _item(row, catalogue, shown, results.get((one.connection_id, one.customer_id, *_id(row))))
            for row in one.rows
        ],
    }


def _id(row: Configuration) -> tuple[str, str]:
    return row.subscription, row.item


def _discounts(charges: Sequence[Charge], catalogue: Catalogue, currency: str) -> list[dict[str, Any]]:
    coupons = catalogue.coupons
    laid = {applied for one in charges for applied in one.discounts}
    order = sorted(laid, key=lambda one: (coupons[one.coupon].percent_off is None, one))
    return [
        {
            "discount": applied.discount,
            "coupon": applied.coupon,
            "duration": coupons[applied.coupon].duration,
            "percent": _text(coupons[applied.coupon].percent_off),
            "amount": str((coupons[applied.coupon].amounts_off or {}).get(currency, 0)),
            "items": [
                n
                for n, one in enumerate(charges)
                if applied in one.discounts and _meets(one, coupons[applied.coupon])
            ],
        }
        for applied in order
    ]


def _meets(one: Charge, coupon: Coupon) -> bool:
    return not coupon.products or one.product in coupon.products


def _item(
    row: Configuration, catalogue: Catalogue, shown: Shown, result: Sequence[Any] | None
) -> dict[str, Any]:
    mrr, excluded, proof, start, end, *exact = result or (0, "not_stored", [], None, None, True, True)
    price = catalogue.prices[row.price]
    counted = DURATIONS[shown.definition.discounts]
    left_aside = [
        applied.coupon
        for applied in row.discounts
        if applied.coupon not in catalogue.coupons
        or catalogue.coupons[applied.coupon].duration not in counted
    ]
    return {
        "item": row.item,
        "quantity": row.quantity,
        "units": priced_units(price, row.quantity),
        "price": _price(price, row.currency),
        "a_month": str(month_share(price)),
        "usage": _text((row.usage or Fraction(0)) if price.metered else None),
        "tax": str(row.tax_share or 0),
        "tax_known": row.tax_share is not None,
        "excluded": excluded,
        "mrr_micro": mrr,
        "status": row.status,
        "paid": row.paid,
        "cancel_requested": row.cancel_requested,
        "collection_paused": row.collection_paused,
        "refunded": row.refunded,
        "uncounted_coupons": left_aside,
        "from": written(start) if start else None,
        "to": written(end) if end else None,
        "bounds_exact": all(exact),
        "evidence": proof,
    }


def _price(price: Price, currency: str) -> dict[str, Any]:
    return {
        "id": price.id,
        "product": price.product,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "mode": price.tiers_mode or "per_unit",
        "divide_by": price.divide_by,
        "round": price.round,
        "tiers": []
        if price.metered
        else [
            {
                "up_to": tier.up_to,
                "each": str(tier.unit_amount),
                "flat": str(tier.flat_amount),
            }
            for tier in price.amounts.get(currency, ())
        ],
    }


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
