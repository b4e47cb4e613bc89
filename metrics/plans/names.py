"""What plans are called, by the ids of their prices."""

from collections.abc import Iterable
from uuid import UUID

from metrics.evidence.pages import fetched

NAMES = """
SELECT DISTINCT ON (price.stripe_id) price.stripe_id, coalesce(product.name, ''), price.nickname
FROM billing_sync_connection AS account
JOIN billing_sync_price AS price ON price.organization_id = account.organization_id
    AND price.connection_id = account.id AND price.stripe_id = ANY(%(prices)s)
LEFT JOIN billing_sync_product AS product ON product.organization_id = price.organization_id
    AND product.connection_id = price.connection_id AND product.stripe_id = price.product_id
WHERE account.organization_id = %(organization)s
ORDER BY price.stripe_id, price.connection_id
"""


def names_of(organization_id: UUID, prices: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the names of prices' products and their own, empty where Stripe gave none."""
    wanted = sorted(set(prices))
    if not wanted:
        return {}
    found = fetched(NAMES, {"organization": organization_id, "prices": wanted})
    return {price: (product, name) for price, product, name in found}
