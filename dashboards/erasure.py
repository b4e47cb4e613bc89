"""What a page shows of a customer before she is erased: enough to be sure that it is she."""

from dataclasses import dataclass
from uuid import UUID

from billing_sync import erasing
from billing_sync.models import Payer

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Known:
    """The names and addresses of a customer, and other customers who have the same address."""

    names: list[str]
    emails: list[str]
    namesakes: list[str]
    is_erased: bool


def known(organization_id: UUID, customer_id: str) -> Known | None:
    """Return what is known of a customer; None where no account has one of this id."""
    if not erasing.is_known(organization_id, customer_id):
        return None
    payers = erasing.known_payers(organization_id, customer_id)
    emails = sorted({one.email for one in payers} - {""})
    others = Payer.objects.filter(
        organization_id=organization_id, email_lower__in=[email.lower() for email in emails]
    ).exclude(customer_id=customer_id)
    return Known(
        sorted({one.name for one in payers} - {""}),
        emails,
        sorted(set(others.values_list("customer_id", flat=True)[:SHOWN])),
        erasing.is_erased(organization_id, customer_id),
    )
