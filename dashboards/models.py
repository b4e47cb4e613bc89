"""How programs are let in to read the numbers."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import TenantModel, User


class ApiToken(TenantModel):
    """A program's way to read; only the hash of its secret is kept."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    scopes = ArrayField(models.CharField(max_length=32))
    secret_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "created_at"], name="api_token_by_time")]
