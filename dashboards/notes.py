"""What members write about a customer: plain text, the newest first."""

from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.audit import record
from accounts.models import Membership, Role, User
from config import clock
from dashboards.models import CustomerNote

LONGEST = 4_000


class NoteForm(forms.Form):
    """A note, as it is typed."""

    text = forms.CharField(
        label=_("Note"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Everyone in the organization reads it. Plain text, at most 4,000 characters."),
        error_messages={
            "required": _("Write something first."),
            "max_length": _("A note holds at most 4,000 characters. Write two."),
        },
    )


def write(membership: Membership, connection_id: UUID, customer_id: str, text: str) -> CustomerNote:
    """Keep a note, and who wrote it."""
    note = CustomerNote.objects.create(
        organization_id=membership.organization_id,
        connection_id=connection_id,
        customer_id=customer_id,
        text=text,
        by=membership.user,
        at=clock.now(),
    )
    record("customer_note.written", actor=membership.user, subject=customer_id, note=str(note.id))
    return note


def may_remove(membership: Membership, note: CustomerNote) -> bool:
    """Say whether a member wrote a note, or is an admin."""
    return note.by_id == membership.user_id or Role(membership.role).covers(Role.ADMIN)


def remove(note: CustomerNote, *, by: User) -> None:
    """Take a note away for good; the log says that there was one, not what it said."""
    record("customer_note.removed", actor=by, subject=note.customer_id, note=str(note.id))
    note.delete()
