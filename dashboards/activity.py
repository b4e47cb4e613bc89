"""The audit log as its owners read it: who did what, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEntry
from billing_sync.history import Place

WORDS = {
    "account.email_changed": gettext_lazy("Changed their e-mail address"),
    "account.email_confirm": gettext_lazy("Confirmed an e-mail address"),
    "account.email_deleted": gettext_lazy("Removed an e-mail address"),
    "account.password_changed": gettext_lazy("Changed their password"),
    "account.password_reset": gettext_lazy("Replaced a forgotten password"),
    "account.password_set": gettext_lazy("Set a password"),
    "account.recovery_codes_generated": gettext_lazy("Made recovery codes"),
    "account.signed_in": gettext_lazy("Signed in with a new browser"),
    "account.totp_activated": gettext_lazy("Set up an authenticator app"),
    "account.totp_deactivated": gettext_lazy("Turned off their authenticator app"),
    "account.webauthn_added": gettext_lazy("Added a passkey"),
    "account.webauthn_removed": gettext_lazy("Removed a passkey"),
    "alert.acknowledged": gettext_lazy("Acknowledged an alert"),
    "alert_rules.changed": gettext_lazy("Changed alert rules"),
    "api_token.made": gettext_lazy("Made a token of the API"),
    "api_token.revoked": gettext_lazy("Ended a token of the API"),
    "connection.begun": gettext_lazy("Connected an account"),
    "connection.deleted": gettext_lazy("An account's data was deleted"),
    "connection.deletion_begun": gettext_lazy("Asked for an account's data to be deleted"),
    "connection.disconnected": gettext_lazy("Disconnected an account"),
    "customer_note.removed": gettext_lazy("Removed a note about a customer"),
    "customer_note.written": gettext_lazy("Wrote a note about a customer"),
    "customers.sizes_changed": gettext_lazy("Changed the sizes of customers"),
    "definition.changed": gettext_lazy("Changed the definition"),
    "display_settings.changed": gettext_lazy("Changed how numbers are shown"),
    "exchange_rates.fetch_asked": gettext_lazy("Asked for exchange rates"),
    "exchange_rates.uploaded": gettext_lazy("Uploaded exchange rates"),
    "export.fetched": gettext_lazy("Downloaded a file"),
    "export.made": gettext_lazy("Made a file"),
    "forecast.assumptions_changed": gettext_lazy("Changed the assumptions of the forecast"),
    "forecast.assumptions_reset": gettext_lazy("Set the assumptions of the forecast back"),
    "invitation.accepted": gettext_lazy("Accepted an invitation"),
    "invitation.revoked": gettext_lazy("Revoked an invitation"),
    "invitation.sent": gettext_lazy("Sent an invitation"),
    "mail_settings.changed": gettext_lazy("Changed how e-mails are sent"),
    "member.deleted_account": gettext_lazy("Deleted their account"),
    "member.removed": gettext_lazy("Removed a member, or left"),
    "member.role_changed": gettext_lazy("Changed a member's role"),
    "month.closed": gettext_lazy("Closed a month"),
    "object.seen": gettext_lazy("Saw an object with what it says of a person"),
    "organization.created": gettext_lazy("Made the organization"),
    "organization.export_asked": gettext_lazy("Asked for an archive of everything"),
    "organization.exported": gettext_lazy("Took an archive of everything away"),
    "organization.imported": gettext_lazy("The organization was imported"),
    "organization.second_factor": gettext_lazy("Decided whether two-step sign-in is required"),
    "payback.settings_changed": gettext_lazy("Changed how CAC payback is counted"),
    "payer.erased": gettext_lazy("Erased a customer's personal data"),
    "retention.changed": gettext_lazy("Changed how long data is kept"),
    "retention.purged": gettext_lazy("Old data was forgotten"),
    "service_cost.changed": gettext_lazy("Changed what serving a customer costs"),
    "service_target.changed": gettext_lazy("Changed what serving customers should cost"),
    "share_link.made": gettext_lazy("Shared the investor view"),
    "share_link.opened_first": gettext_lazy("A shared link was opened for the first time"),
    "share_link.revoked": gettext_lazy("Ended a shared link"),
    "spend.applied": gettext_lazy("Put a table of spend in force"),
    "spend.deleted": gettext_lazy("Deleted a table of spend"),
    "spend.proposed": gettext_lazy("Uploaded a table of spend"),
    "upload.deleted": gettext_lazy("Deleted an uploaded file"),
    "upload.received": gettext_lazy("Uploaded a file of another tool"),
    "webhook.removed": gettext_lazy("Removed a webhook endpoint"),
    "webhook.secret_changed": gettext_lazy("Changed a webhook's secret"),
    "webhook.secret_pasted": gettext_lazy("Gave a webhook's secret"),
    "webhook.wanted": gettext_lazy("Asked for a webhook endpoint"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, to what, and when."""

    at: datetime
    who: str
    what: str
    subject: str
    details: list[tuple[str, str]]


def deeds(organization_id: UUID, before: Place | None, count: int) -> tuple[list[Deed], Place | None]:
    """Return the newest deeds, or those before a place, and the place of those that follow."""
    rows = AuditEntry.objects.filter(organization_id=organization_id).select_related("actor")
    if before is not None:
        rows = rows.filter(Q(at__lt=before.at) | Q(at=before.at, id__lt=before.id))
    found = list(rows.order_by("-at", "-id")[: count + 1])
    more = len(found) > count
    shown = found[:count]
    return [_deed(row) for row in shown], Place(shown[-1].at, shown[-1].id) if more else None


def _deed(row: AuditEntry) -> Deed:
    return Deed(
        row.at,
        str(row.actor) if row.actor else _("Millrace"),
        str(WORDS.get(row.action, row.action)),
        row.subject,
        _said(row.details),
    )


def _said(details: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return what was said of a deed, without what is empty."""
    told = ((name.replace("_", " "), value) for name, value in details.items())
    return [(name, _text(value)) for name, value in told if value not in (None, "", [], {})]


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
