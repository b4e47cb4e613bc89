"""What Stripe posts to us: where it may, and what it did."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, TenantModel


class WebhookRoute(models.Model):
    """The organization of a connection, found before there is a tenant (a global table)."""

    connection_id = models.UUIDField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.connection_id)


class ConnectedAccount(models.Model):
    """The organization of an account that Stripe Connect opened, found before there is a tenant (global)."""

    connection_id = models.UUIDField(primary_key=True)
    account_id = models.CharField(max_length=255, db_index=True)
    livemode = models.BooleanField()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return self.account_id


class WebhookEndpoint(TenantModel):
    """A connection's endpoint at Stripe; while its secret rotates, the previous one is honoured too.

    A row without a secret remembers that none is wanted, or that the key may not make one. `url` is where
    Stripe posts, as far as we were told; after BASE_URL has changed that is no longer where we are. What the
    platform's own endpoint tells of has a row too, and no secret in it.
    """

    class MadeBy(models.TextChoices):
        API = "api", _("Made by us")
        HAND = "hand", _("Made by hand")
        PLATFORM = "platform", _("Made by the operator")

    class State(models.TextChoices):
        CREATING = "creating", _("Being created")
        READY = "ready", pgettext_lazy("an endpoint", "Ready")
        REFUSED = "refused", _("To be made by hand")
        ROTATING = "rotating", _("Changing its secret")
        MOVING = "moving", _("Moving to this address")
        REMOVING = "removing", _("Being removed")
        REMOVED = "removed", _("Removed")

    pk = models.CompositePrimaryKey("organization_id", "connection_id")
    connection_id = models.UUIDField()
    made_by = models.CharField(max_length=8, choices=MadeBy.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CREATING)
    stripe_id = models.CharField(max_length=255, blank=True)
    url = models.CharField(max_length=500, blank=True)
    secret_encrypted = models.BinaryField(default=bytes)
    previous_secret_encrypted = models.BinaryField(default=bytes)
    previous_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    received_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)


class WebhookDelivery(TenantModel):
    """A verified body as it came, erased once it has been processed; one row however often it is posted.

    `event_id` is the event's, of a thin event that of its snapshot, of a body without an id a hash.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection_id = models.UUIDField()
    event_id = models.CharField(max_length=255)
    received_at = models.DateTimeField()
    body = models.BinaryField()
    processed_at = models.DateTimeField(null=True)
    fetched = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "connection_id", "event_id"], name="one_delivery_per_event"
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "connection_id", "processed_at", "received_at"],
                name="webhook_delivery_waiting",
            )
        ]
