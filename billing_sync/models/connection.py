"""A connected Stripe account and how far its mirror has come."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import TenantModel


class Connection(TenantModel):
    """One Stripe account, live or test; what opens it is encrypted and never shown again.

    `replaces_id` names the connection for which a new key was given, until the key has been checked.
    """

    class Kind(models.TextChoices):
        RESTRICTED_KEY = "restricted_key", _("Restricted key")
        OAUTH = "oauth", _("Stripe Connect")
        ARCHIVE = "archive", _("Archive of events")

    class State(models.TextChoices):
        CHECKING = "checking", _("Checking the key")
        REFUSED = "refused", _("Refused")
        IMPORTING = "importing", _("First import")
        LIVE = "live", _("Up to date")
        REVOKED = "revoked", pgettext_lazy("a connection", "Revoked")
        DISCONNECTED = "disconnected", _("Disconnected")
        DELETING = "deleting", _("Being deleted")

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CHECKING)
    account_id = models.CharField(max_length=255, blank=True)
    account_name = models.CharField(max_length=255, blank=True)
    livemode = models.BooleanField(null=True)
    api_base = models.CharField(max_length=255, blank=True)
    key_encrypted = models.BinaryField(default=bytes)
    key_hint = models.CharField(max_length=24, blank=True)
    refresh_token_encrypted = models.BinaryField(default=bytes)
    key_expires_at = models.DateTimeField(null=True)
    code_encrypted = models.BinaryField(default=bytes)
    replaces_id = models.UUIDField(null=True)
    permissions = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    imported_at = models.DateTimeField(null=True)
    data_through = models.DateTimeField(null=True)

    @property
    def name(self) -> str:
        """Return what people call the account, as far as it is known."""
        if self.kind == self.Kind.ARCHIVE:
            return str(self.Kind.ARCHIVE.label)
        return self.account_name or self.account_id or self.key_hint


class SyncCursor(TenantModel):
    """How far one list of one connection has been read; moves in the transaction that writes its page.

    The event log is read again and again, from `since_at` by Stripe's clock; `reached_at` is the newest seen.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("a list", "Waiting")
        READING = "reading", _("Reading")
        COMPLETE = "complete", _("Complete")
        UNAVAILABLE = "unavailable", _("Not available")

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "resource")
    connection_id = models.UUIDField()
    resource = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    starting_after = models.CharField(max_length=255, blank=True)
    since_at = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)
    objects_done = models.BigIntegerField(default=0)
    pages_done = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)


class SetAside(TenantModel):
    """An object that could not be used; kept, shown with its reason, and tried again."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "resource", "stripe_id")
    connection_id = models.UUIDField()
    resource = models.CharField(max_length=64)
    stripe_id = models.CharField(max_length=255)
    reason = models.TextField()
    payload = models.BinaryField(null=True)
    seen_at = models.DateTimeField()


class DirtyCustomer(TenantModel):
    """A payer to compute again; written in the mirror's transaction, drained by metrics."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    marked = models.UUIDField(default=uuid.uuid4)
