"""Customers by the beginning of a name, an e-mail address or an id: so many at most, and none by a scan.

The lower-cased columns are compared by the operators of their index, which row level security lets it use.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from metrics.evidence.pages import fetched
from metrics.queries import Shown

MOST_FOUND = 1_000
LAST = "\U0010ffff"
FOUND = """
WITH asked AS (SELECT lower(%(text)s) AS first, lower(%(text)s) || %(last)s AS beyond)
(SELECT connection_id, customer_id FROM billing_sync_payer
 WHERE organization_id = %(organization)s AND connection_id = ANY(%(accounts)s)
   AND name_lower ~>=~ (SELECT first FROM asked) AND name_lower ~<~ (SELECT beyond FROM asked)
 LIMIT %(find)s)
UNION
(SELECT connection_id, customer_id FROM billing_sync_payer
 WHERE organization_id = %(organization)s AND connection_id = ANY(%(accounts)s)
   AND email_lower ~>=~ (SELECT first FROM asked) AND email_lower ~<~ (SELECT beyond FROM asked)
 LIMIT %(find)s)
UNION
(SELECT connection_id, customer_id FROM billing_sync_payer
 WHERE organization_id = %(organization)s AND connection_id = ANY(%(accounts)s)
   AND customer_id >= %(text)s AND customer_id < %(text)s || %(last)s
 LIMIT %(find)s)
UNION
SELECT one, %(text)s FROM unnest(%(accounts)s::uuid[]) AS one
LIMIT %(find)s
"""


@dataclass(frozen=True, slots=True)
class Payers:
    """The customers whose name, address or id begins so, and whether there are more than could be taken."""

    keys: frozenset[tuple[UUID, str]]
    more: bool


def search_of(shown: Shown, text: str) -> dict[str, Any]:
    """Return what the search binds."""
    accounts = list(shown.connection_ids)
    return {"accounts": accounts, "text": text, "last": LAST, "find": MOST_FOUND + 1, "found": MOST_FOUND}


def beginning_with(shown: Shown, text: str) -> Payers:
    """Return the customers of the accounts on show whose name, e-mail address or id begins with a text."""
    bound = search_of(shown, text) | {"organization": shown.organization_id}
    found = [(connection_id, customer_id) for connection_id, customer_id in fetched(FOUND, bound)]
    return Payers(frozenset(found[:MOST_FOUND]), len(found) > MOST_FOUND)
