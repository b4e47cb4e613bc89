"""A notice of one movement larger than a member wants to miss."""

from datetime import date
from uuid import UUID

from accounts.models import Organization, User
from accounts.outbox import Message
from dashboards.emails.letter import address, letter, preference, written
from dashboards.emails.masking import names
from dashboards.formatting import money
from dashboards.glossary import TERMS
from dashboards.reasons import reasons
from metrics import queries
from metrics.alerts.notices import is_large
from metrics.models import Movement


@written("movement")
def movement(organization_id: UUID, recipient: User, key: str) -> Message | None:
    """Tell of a movement; nothing where it has been netted away, or is less than the member asked for."""
    organization = Organization.objects.get(id=organization_id)
    wanted = preference(organization, recipient)
    _, on, connection_id, currency, customer = key.split(":", 4)
    found = queries.current(
        Movement.objects.filter(
            date=date.fromisoformat(on),
            connection_id=UUID(connection_id),
            customer_id=customer,
            currency=currency,
        ),
        organization_id,
    ).first()
    if found is None or not is_large(wanted, found.amount_micro, currency):
        return None
    facts = {
        "name": names(organization_id, [(found.connection_id, customer)])[found.connection_id, customer],
        "kind": TERMS[found.kind].label,
        "amount": str(money(found.amount_micro, currency, signed=True)),
        "after": str(money(found.after_micro, currency)),
        "on": found.date,
        "reasons": reasons(found.reasons),
        "dashboard_url": address("dashboard", organization.slug),
    }
    return letter("movement", "movement", organization, recipient, facts)
