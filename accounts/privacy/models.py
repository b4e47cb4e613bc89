"""What the product remembers of deletions, keeps of archives, and forgets after how long."""

import uuid

from django.db import models

from accounts.models import TenantModel, User


class Deletion(models.Model):
    """A payer, an organization or a person who is gone for good: a global line that outlives their rows.

    It names nobody: a payer by the digest of her Stripe id, a person by that of her number here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16)
    organization_id = models.UUIDField(null=True)
    digest = models.BinaryField(max_length=32, default=bytes)
    at = models.DateTimeField()

    class Meta:
        app_label = "accounts"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "organization_id", "digest"], name="one_deletion_each", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"


class Retention(TenantModel):
    """For how many days an organization keeps what its numbers do not need; None is for ever."""

    pk = models.CompositePrimaryKey("organization_id", "kind")
    kind = models.CharField(max_length=32)
    days = models.PositiveIntegerField(null=True)

    class Meta:
        app_label = "accounts"


class Archive(TenantModel):
    """Everything of an organization as one file, for the owner who asked, until it expires."""

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    size = models.PositiveBigIntegerField(default=0)

    class Meta:
        app_label = "accounts"


class ArchivePiece(TenantModel):
    """A part of an archive's file, in order."""

    pk = models.CompositePrimaryKey("organization_id", "archive_id", "position")
    archive_id = models.UUIDField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        app_label = "accounts"
