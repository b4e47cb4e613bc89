"""People and organizations (global tables), and what every tenant table is made of."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lookups import Lookup

# What stands for the address of a deleted account; mail to it goes nowhere.
DELETED_DOMAIN = "@deleted.invalid"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None) -> "User":
        user = self.model(email=self.normalize_email(email).lower())
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get(self, *args: Any, **kwargs: Any) -> "User":
        """Return one person; by the key alone, as every request asks, by a statement composed once."""
        # A manager of some people alone, as relations make them, asks for itself.
        whole = type(self) is UserManager and not args and kwargs.keys() == {"pk"}
        found = BY_KEY.find(kwargs["pk"]) if whole and isinstance(kwargs["pk"], int) else None
        return found if found is not None else super().get(*args, **kwargs)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person; the e-mail is the name."""

    email = models.EmailField(_("e-mail"), unique=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return gettext("a deleted account") if self.email.endswith(DELETED_DOMAIN) else self.email


BY_KEY = Lookup(lambda: User.objects.filter(pk=0))


class Organization(models.Model):
    """The tenant. Its days and months are cut in its own time zone; its currency is never guessed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=64)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, blank=True)
    second_factor_required = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")
    WITHOUT_PAYERS = "without_payers", _("Viewer without customers’ personal data")

    def covers(self, other: "Role") -> bool:
        """Say whether this role may do what the other may."""
        order = list(Role)
        return order.index(self) <= order.index(other)

    @property
    def sees_payers(self) -> bool:
        """Say whether names, addresses, notes and files about payers are shown to this role."""
        return self.covers(Role.VIEWER)


class Membership(models.Model):
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.organization_id}"


class Invitation(models.Model):
    """A single-use way in, bound to an e-mail and a role; only the hash of its secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    secret_hash = models.CharField(max_length=64)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} {self.role}"


class Job(models.Model):
    """Work that must happen, by ids only; PostgreSQL is its truth and Celery only wakes it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        SET_ASIDE = "set_aside"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    wanted_again = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "kind", "key"], name="one_job_per_key", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["state", "next_at"], name="jobs_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.state}"


class AccountMail(models.Model):
    """A message to a person about her own account, written in the transaction that decides to send it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.id)


class TenantModel(models.Model):
    """A row of one organization: composite primary key, row level security, no key across tenants."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class SuspendedAddress(models.Model):
    """An address that mail servers refuse or whose owner complained; nothing is sent to it until lifted."""

    email = models.EmailField(primary_key=True)
    reason = models.CharField(max_length=16)
    detail = models.TextField(blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.email


class Outbox(TenantModel):
    """A message decided on in the same transaction as its cause; a job delivers it.

    `key` names the cause, so that deciding twice writes one row; `dropped` says why it was not sent.
    """

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=32, default="")
    key = models.CharField(max_length=255, default="")
    message = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    dropped = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "recipient", "key"], name="one_message_a_cause")
        ]
        indexes = [
            models.Index(
                fields=["organization", "due_at"],
                condition=models.Q(sent_at=None, dropped=""),
                name="outbox_waiting",
            ),
            models.Index(fields=["organization", "sent_at"], name="outbox_by_sending"),
        ]


class AuditEntry(TenantModel):
    """Who did what, when; the app role may insert and read, never change."""

    pk = models.CompositePrimaryKey("organization_id", "id")
    id = models.UUIDField(default=uuid.uuid4, editable=False)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=255, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["organization", "at"], name="audit_by_time")]
