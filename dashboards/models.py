"""What people add to the numbers to read them: how a page speaks, notes, links to share, files and tokens."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organization, TenantModel, User


def who() -> "models.ForeignKey[User | None, User | None]":
    return models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)


class Emphasis(models.TextChoices):
    AUTOMATIC = "automatic", _("ARR first from 100,000 of ARR on, else MRR")
    MRR = "mrr", _("MRR first")
    ARR = "arr", _("ARR first")


class DisplaySettings(TenantModel):
    """How an organization wants its numbers shown; without a row, the defaults hold.

    `service_target` is the most that serving a customer should cost, in percent of the MRR.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    emphasis = models.CharField(max_length=16, choices=Emphasis.choices, default=Emphasis.AUTOMATIC)
    service_target = models.PositiveSmallIntegerField(default=65)


class SizeBucket(TenantModel):
    """Customers by their ARR in the organization's currency, from `from_minor` up to the next bucket's."""

    pk = models.CompositePrimaryKey("organization_id", "from_minor")
    from_minor = models.BigIntegerField()
    name = models.CharField(max_length=64)
    team = models.CharField(max_length=64, blank=True)


class CustomerNote(TenantModel):
    """What a member wrote about a customer."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    text = models.TextField()
    by = who()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "connection_id", "customer_id", "at"], name="note_by_payer")
        ]


class ServiceCost(TenantModel):
    """What serving a customer costs a month, in minor units."""

    pk = models.CompositePrimaryKey("organization_id", "connection_id", "customer_id", "currency")
    connection_id = models.UUIDField()
    customer_id = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    by = who()
    at = models.DateTimeField()


class ShareLink(TenantModel):
    """A link to the investor view for someone without an account; only the hash of its secret is kept.

    It shows one currency, or where it is `converted` all currencies in that one.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    label = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    converted = models.BooleanField(default=False)
    secret_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    created_by = who()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "created_at"], name="share_link_by_time")]


class ApiToken(TenantModel):
    """A program's way to read; only the hash of its secret is kept."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    scopes = ArrayField(models.CharField(max_length=32))
    secret_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    created_by = who()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "created_at"], name="api_token_by_time")]


class Export(TenantModel):
    """A table as a file, kept until it expires; `asked` is the hash of what was asked for.

    The build, rules and time named here made every row: a file never holds rows of two builds.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("a file", "Waiting")
        WORKING = "working", _("Being made")
        READY = "ready", pgettext_lazy("a file", "Ready")
        FAILED = "failed", pgettext_lazy("a file", "Failed")

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    table = models.CharField(max_length=64)
    format = models.CharField(max_length=8)
    parameters = models.JSONField(default=dict)
    personal = models.BooleanField(default=False)
    asked = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    definition_version = models.PositiveIntegerField(null=True)
    build = models.PositiveBigIntegerField(null=True)
    computed_at = models.DateTimeField(null=True)
    data_through = models.DateTimeField(null=True)
    rows = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)
    pieces = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = who()
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "asked"],
                condition=models.Q(state__in=("waiting", "working")),
                name="one_export_in_the_making",
            )
        ]
        indexes = [
            models.Index(fields=["organization", "created_at"], name="export_by_time"),
            models.Index(fields=["organization", "expires_at"], name="export_by_end"),
        ]


class ExportPiece(TenantModel):
    """A part of an export's file, in order, compressed."""

    pk = models.CompositePrimaryKey("organization_id", "export_id", "position")
    export_id = models.UUIDField()
    position = models.PositiveIntegerField()
    content = models.BinaryField()
