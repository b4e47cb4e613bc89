"""Which build readers see, and the one in the making with its parts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Organization, TenantModel


class OfOneBuild(TenantModel):
    """What one build of an organization's tables was made of, and the instant to which they run."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    computed_at = models.DateTimeField()
    data_through = models.DateTimeField(null=True)
    connection_ids = ArrayField(models.UUIDField(), default=list)
    edition = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class CurrentBuild(OfOneBuild):
    """The pointer: which definition version and build every reader sees.

    `computed_at` is the instant to which every table runs; `connection_ids` are the accounts summed, and
    `edition` the code's that summed them: where either has changed since, everything is built again.
    """


class BuildPlan(OfOneBuild):
    """A build in the making, at most one; what its pointer will say once every part of it is done."""

    from_history = models.BooleanField()


class BuildPart(TenantModel):
    """A range of payers that one job builds: what is left of it is `(after, last]`, without `last` no end."""

    pk = models.CompositePrimaryKey("organization_id", "definition_version", "build", "position")
    definition_version = models.PositiveIntegerField()
    build = models.PositiveBigIntegerField()
    position = models.PositiveIntegerField()
    connection_id = models.UUIDField()
    after = models.CharField(max_length=255)
    last = models.CharField(max_length=255, null=True)  # noqa: DJ001 - none is no bound
    done_at = models.DateTimeField(null=True)
