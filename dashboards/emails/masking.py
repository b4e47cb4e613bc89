"""What an e-mail calls a payer: by her id and a hint, unless the organization lets e-mails show her."""

from collections.abc import Iterable
from uuid import UUID

from accounts.masking import HIDDEN, masked_address
from billing_sync.models import Payer
from metrics.alerts.models import MailSettings

Customer = tuple[UUID, str]


def names(organization_id: UUID, customers: Iterable[Customer]) -> dict[Customer, str]:
    """Return what to call each customer of a connection."""
    wanted = set(customers)
    mail = MailSettings.objects.filter(organization_id=organization_id).first()
    shows = mail is not None and mail.shows_payers
    rows = Payer.objects.filter(
        organization_id=organization_id, customer_id__in=[customer for _, customer in wanted]
    )
    known = {(one.connection_id, one.customer_id): one for one in rows}
    found = {}
    for key in wanted:
        payer = known.get(key)
        name = (payer.name or payer.email) if payer else ""
        found[key] = (name if shows else masked(name)) or key[1]
    return found


def masked(name: str) -> str:
    """Return the first letter of each word: Ada Lovelace is A••• L•••, ada@lovelace.example a•••@l•••."""
    if "@" in name:
        return masked_address(name)
    return " ".join(f"{word[:1]}{HIDDEN}" for word in name.split()[:2])
