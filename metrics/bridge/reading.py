"""The rows below a cell of a comparison, page by page in the order of their key."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q

from metrics.bridge.comparing import Place
from metrics.bridge.models import ComparedAmount

PAGE = 100
Mark = tuple[UUID, str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows below a cell, and where the next page begins; None after the last."""

    rows: list[ComparedAmount]
    following: str | None


class UnknownPlaceError(ValueError):
    """Raised for a mark that no page gave out."""


def rows_below(where: Place, subject: str, rule: str, after: str = "") -> Page:
    """Return the rows of one cell after a mark; UnknownPlaceError where the mark is none."""
    found = ComparedAmount.objects.filter(**where.key(), subject=subject, rule=rule)
    if after:
        found = found.filter(_beyond(parse(after)))
    rows = list(found.order_by("connection_id", "customer_id", "subscription_id")[: PAGE + 1])
    more = len(rows) > PAGE
    return Page(rows[:PAGE], mark(rows[PAGE - 1]) if more else None)


def difference(where: Place, subject: str, rule: str) -> int:
    """Add up the rows of one cell."""
    found = ComparedAmount.objects.filter(**where.key(), subject=subject, rule=rule)
    return sum(found.annotate(moved=F("theirs_micro") - F("ours_micro")).values_list("moved", flat=True))


def mark(row: ComparedAmount) -> str:
    """Return where a page ends, as an address carries it."""
    return f"{row.connection_id} {row.subscription_id} {row.customer_id}"


def parse(text: str) -> Mark:
    """Read a mark."""
    parts = text.split(" ", 2)
    try:
        return UUID(parts[0]), parts[2], parts[1]
    except (ValueError, IndexError):
        raise UnknownPlaceError(text) from None


def _beyond(last: Mark) -> Q:
    connection_id, customer_id, subscription_id = last
    same = Q(connection_id=connection_id)
    return (
        Q(connection_id__gt=connection_id)
        | same & Q(customer_id__gt=customer_id)
        | same & Q(customer_id=customer_id, subscription_id__gt=subscription_id)
    )
