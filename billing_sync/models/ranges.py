"""The parts in which a list is read: half-open ranges by `created`, each with a cursor of its own."""

from django.db import models

from accounts.models import TenantModel
from billing_sync.models.connection import SyncCursor


class ListRange(TenantModel):
    """Objects created in `[since_at, until_at)` and how far they have been read, newest first.

    A bound that is None is open. The cursor moves in the transaction that writes its page, and `newest_at` to
    `oldest_at` is what has been read. A list that does not keep to bounds is read `whole`, in one range.
    """

    class Purpose(models.TextChoices):
        IMPORT = "import"
        NIGHTLY = "nightly"
        WEEKLY = "weekly"

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "purpose", "resource", "number")
    connection_id = models.UUIDField()
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    resource = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    since_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=16, choices=SyncCursor.State.choices, default=SyncCursor.State.WAITING
    )
    starting_after = models.CharField(max_length=255, blank=True)
    lane = models.PositiveSmallIntegerField(null=True)
    whole = models.BooleanField(default=False)
    newest_at = models.DateTimeField(null=True)
    oldest_at = models.DateTimeField(null=True)
    objects_done = models.BigIntegerField(default=0)
    pages_done = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
