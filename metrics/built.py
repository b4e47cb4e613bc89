"""The key of rows that a build made."""

from django.db import models

from accounts.models import TenantModel


class Built(TenantModel):
    """A row that one build made under one definition version."""

    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()

    class Meta:
        abstract = True

    @staticmethod
    def key(*fields: str) -> models.CompositePrimaryKey:
        return models.CompositePrimaryKey("organization_id", "definition_version", "build", *fields)
