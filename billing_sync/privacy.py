"""Where this app keeps personal data, for export and erasure."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.privacy.deleting import leaving
from accounts.privacy.places import Place
from accounts.privacy.retention import expiring, kept
from accounts.privacy.tables import Exported, Packing, export, keep_back
from billing_sync import erasing
from billing_sync.disconnecting import disconnect
from billing_sync.models import Connection, Event, Payer, Repair, SetAside, SyncRun, WebhookDelivery
from billing_sync.payload import packed, unpacked
from billing_sync.resources import MIRRORED
from billing_sync.webhooks.taking import KEPT_FOR

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


@leaving("disconnect", "deauthorize")
def leave_every_account(organization_id: UUID, by: User) -> None:
    """Take leave of Stripe for an organization that goes: its endpoints and our access end there too."""
    for connection in Connection.objects.filter(organization_id=organization_id):
        disconnect(connection, keep=False, by=by)


JSON = Packing(unpacked, packed)
export(
    "billing_sync_dirtycustomer",
    "billing_sync_erasure",
    "billing_sync_listrange",
    "billing_sync_repair",
    "billing_sync_synccursor",
    "billing_sync_syncrun",
    Exported(Payer._meta.db_table, packed={"fields": JSON}),
    Exported(SetAside._meta.db_table, packed={"payload": JSON}),
    *(Exported(resource.table, packed={"payload": JSON}) for resource in MIRRORED),
    Exported(
        Connection._meta.db_table,
        secrets=("key_encrypted", "refresh_token_encrypted", "code_encrypted"),
        # Without what opens it, an account stands as one that was left and whose data was kept.
        instead={"state": "CASE WHEN given.kind = 'archive' THEN given.state ELSE 'disconnected' END"},
    ),
)
keep_back("billing_sync_webhookendpoint", "Stripe's secret; an endpoint is made where an account is read.")
keep_back("billing_sync_webhookdelivery", "What was posted and waits; Stripe is asked for it again.")
keep_back("billing_sync_webhookroute", "Where Stripe posts to this installation.")
keep_back("billing_sync_connectedaccount", "Where Stripe posts to this installation.")


@kept(
    "sync_history",
    _("History of the sync"),
    _("What the sync ran and what it mended; the numbers do not rest on it."),
    default=730,
    least=30,
)
def forget_history(organization_id: UUID, before: datetime) -> int:
    """Delete runs that have ended, and what they mended."""
    ours = {"organization_id": organization_id}
    repairs, _kinds = Repair.objects.filter(**ours, found_at__lt=before).delete()
    runs, _kinds = SyncRun.objects.filter(**ours, ended_at__lt=before).delete()
    return repairs + runs


@expiring
def forget_bodies(organization_id: UUID, at: datetime) -> int:
    """Delete webhooks that nobody could process for a week: Stripe told them to a key that reads no more."""
    waiting = WebhookDelivery.objects.filter(organization_id=organization_id, processed_at=None)
    gone, _kinds = waiting.filter(received_at__lt=at - KEPT_FOR).delete()
    return gone
