"""One e-mail: a template in both forms, in the recipient's language, with the headers of its kind."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.languages import locale_of
from accounts.members import membership_in
from accounts.models import Organization, Role, User
from accounts.outbox import Composer, Message, composer
from accounts.tenancy import hide_payers
from dashboards.emails.unsubscribing import Link
from metrics.alerts.models import MailPreference, MailSettings


def address(name: str, *arguments: object) -> str:
    """Return the full address of a page."""
    return settings.BASE_URL + reverse(name, args=arguments)


def preference(organization: Organization, recipient: User) -> MailPreference:
    """Return what a member wants to be told, the defaults where she never said."""
    found = MailPreference.objects.filter(organization_id=organization.id, user_id=recipient.pk).first()
    return found or MailPreference(organization_id=organization.id, user_id=recipient.pk)


def written(kind: str) -> Callable[[Composer], Composer]:
    """Register who writes messages of a kind: all of a message is in its recipient's language."""

    def register(function: Composer) -> Composer:
        @wraps(function)
        def in_her_language(organization_id: UUID, recipient: User, key: str) -> Message | None:
            member = membership_in(organization_id, recipient)
            if member is None or not Role(member.role).sees_payers:
                hide_payers()
            with translation.override(locale_of(recipient)):
                return function(organization_id, recipient, key)

        return composer(kind)(in_her_language)

    return register


def letter(
    template: str, kind: str, organization: Organization, recipient: User, context: dict[str, Any]
) -> Message:
    """Return the message that a template makes of a context; its subject is a template of its own."""
    mail = MailSettings.objects.filter(organization_id=organization.id).first()
    link = Link(organization.id, recipient.pk, kind).url()
    facts = {
        "organization": organization,
        "unsubscribe_url": link,
        "preferences_url": address("mail_preferences", organization.slug),
        **context,
    }
    subject = " ".join(render_to_string(f"emails/{template}_subject.txt", facts).split())
    text = render_to_string(f"emails/{template}.txt", facts)
    html = render_to_string(f"emails/{template}.html", facts)
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    reply_to, names_payers = (mail.reply_to, mail.shows_payers) if mail else ("", False)
    return Message(subject, text, html, reply_to, headers, names_payers)
