"""The history of the sync: what ran, what it cost, and what it had to repair."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import TenantModel


class SyncRun(TenantModel):
    """One piece of work against Stripe from its start to its end."""

    class Kind(models.TextChoices):
        IMPORT = "import", _("First import")
        REREADING = "rereading", _("Lists read again")
        EVENTS = "events", _("Events")
        NIGHTLY = "nightly", _("Nightly comparison")
        WEEKLY = "weekly", _("Weekly comparison")

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("a run", "Running")
        DONE = "done", pgettext_lazy("a run", "Done")
        FAILED = "failed", pgettext_lazy("a run", "Failed")

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    objects_read = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    waited_ms = models.BigIntegerField(default=0)
    repaired = models.BigIntegerField(default=0)
    unexplained = models.BigIntegerField(default=0)
    error = models.TextField(blank=True)
    request_id = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "started_at"], name="sync_run_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "connection_id", "kind"],
                condition=models.Q(state="running"),
                name="sync_run_open",
            )
        ]


class Repair(TenantModel):
    """A difference between the mirror and the account that a comparison found, and mended."""

    class Difference(models.TextChoices):
        MISSING = "missing", _("Was missing here")
        CHANGED = "changed", _("Was different here")
        VANISHED = "vanished", _("Is gone from Stripe")

    class Cause(models.TextChoices):
        """Why the mirror did not know; what is unexplained had been told to us."""

        EVENT_LATE = "event_late", _("Its event came late")
        NO_EVENT = "no_event", _("No event told it")
        DELETED_UNANNOUNCED = "deleted_unannounced", _("No event told its deletion")
        WAS_SET_ASIDE = "was_set_aside", _("It could not be used before")
        NOT_FOLLOWED = "not_followed", _("Events cannot be read")
        UNEXPLAINED = "unexplained", _("Unexplained")

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    connection_id = models.UUIDField()
    run_id = models.UUIDField()
    resource = models.CharField(max_length=64)
    stripe_id = models.CharField(max_length=255)
    difference = models.CharField(max_length=16, choices=Difference.choices)
    cause = models.CharField(max_length=32, choices=Cause.choices)
    found_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "run_id", "found_at"], name="repair_by_run"),
            models.Index(fields=["organization", "found_at"], name="repair_by_time"),
        ]
