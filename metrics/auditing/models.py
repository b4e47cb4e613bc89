"""What each night's audit found."""

import uuid

from django.db import models

from accounts.models import TenantModel


class AuditRun(TenantModel):
    """One comparison of the stored tables with an independent sum of everything below them.

    `drift` lists what differs: the table, the key, the column, what is stored and what it should be.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    customers = models.PositiveBigIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    differences = models.PositiveBigIntegerField(default=0)
    drift = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["organization", "begun_at"], name="audit_run_by_time")]
