"""What filters offer: the plans of a month and the countries of customers, by one statement."""

import json
from datetime import date

from metrics.countries.known import KNOWN
from metrics.evidence.pages import fetched
from metrics.periods import month_of
from metrics.queries import PLANS, PlanShare, Shown

OFFERED = f"""
SELECT (SELECT coalesce(json_agg(row_to_json(plan)), '[]')::text FROM ({PLANS}) AS plan
            (price_id, product_id, currency, mrr, items, price_name, product_name)),
    ARRAY({KNOWN})
"""  # noqa: S608 - constants of ours


def offered(shown: Shown, currency: str, on: date) -> tuple[list[PlanShare], list[str]]:
    """Return the plans at the end of the month of a day, largest first, and every country."""
    bound = {"organization": shown.organization_id, "currency": currency, "month": month_of(on)}
    ((plans, countries),) = fetched(OFFERED, bound)
    found = [
        PlanShare(
            one["price_id"],
            one["product_id"],
            one["price_name"],
            one["product_name"],
            int(one["mrr"]),
            int(one["items"]),
            one["currency"],
        )
        for one in json.loads(plans)
    ]
    return found, countries
