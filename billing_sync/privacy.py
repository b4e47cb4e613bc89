"""Where this app keeps personal data, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from accounts.privacy.places import Place
from billing_sync import erasing
from billing_sync.models import Connection, Event, Payer, SetAside, WebhookDelivery

__all__ = ["PLACES", "WITHOUT", "Place", "erasing"]

PLACES = (
    Place(
        Payer._meta.db_table,
        ("name", "email", "name_lower", "email_lower", "fields"),
        "customer_id",
        _("Everything Stripe knows of a customer as a person, and the customer's metadata."),
    ),
    Place(
        WebhookDelivery._meta.db_table,
        ("body",),
        "",
        _("What Stripe posted, as it came; erased when it has been processed, within seconds as a rule."),
    ),
    Place(
        Connection._meta.db_table,
        ("account_name", "key_encrypted", "key_hint", "refresh_token_encrypted", "code_encrypted"),
        "",
        _("The seller's own name, and what opens the account; no payer's data."),
    ),
)
# Without personal data by construction, except what a seller wrote into the description of an invoice line.
WITHOUT = (Event._meta.db_table, SetAside._meta.db_table)
