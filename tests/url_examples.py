"""What stands in an address: rows of an organization, so that others are refused what exists."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

from django.utils import timezone

from accounts.models import Invitation, Membership, Organization, Role
from accounts.privacy import archives
from accounts.tenancy import tenant
from billing_sync.models import Connection
from dashboards import sharing
from dashboards.api import tokens
from dashboards.models import CustomerNote, Export
from metrics import definitions
from metrics.alerts.models import Alert
from metrics.bridge.models import Upload
from metrics.payback.models import SpendFile
from metrics.restating.models import ClosedMonth, Preview, Restatement


def an_owner_s_membership(organization: Organization) -> object:
    return organization.memberships.get(role=Role.OWNER).id


def an_open_invitation(organization: Organization) -> object:
    made, _ = Invitation.objects.get_or_create(
        organization=organization,
        email="invited@example.com",
        defaults={"role": Role.VIEWER, "expires_at": timezone.now() + timedelta(days=1)},
    )
    return made.id


def a_connection(organization: Organization) -> object:
    live = {"kind": Connection.Kind.RESTRICTED_KEY, "state": Connection.State.LIVE}
    with tenant(organization.id):
        made, _ = Connection.objects.get_or_create(
            organization_id=organization.id, account_id="acct_example", defaults=live
        )
    return made.id


def an_alert(organization: Organization) -> object:
    with tenant(organization.id):
        made, _ = Alert.objects.get_or_create(
            organization_id=organization.id,
            rule="revenue_churn",
            currency="usd",
            fired_on=date(2026, 11, 1),
            defaults={"rules_version": 1, "created_at": timezone.now()},
        )
    return made.id


def a_definition_version(organization: Organization) -> int:
    with tenant(organization.id):
        return definitions.latest(organization.id).version


def a_preview(organization: Organization) -> object:
    version = a_definition_version(organization)
    with tenant(organization.id):
        return Preview.objects.create(
            organization_id=organization.id,
            settings={"discounts": "none"},
            definition_version=version,
            build=1,
            created_at=timezone.now(),
        ).id


def an_upload(organization: Organization) -> object:
    with tenant(organization.id):
        made, _ = Upload.objects.get_or_create(
            organization_id=organization.id,
            name="mrr.csv",
            defaults={"content": b"customer,month,mrr\ncus_1,2026-10,49.00\n", "created_at": timezone.now()},
        )
    return made.id


def a_spend_file(organization: Organization) -> object:
    with tenant(organization.id):
        return SpendFile.objects.create(
            organization_id=organization.id, name="spend.csv", rows=0, created_at=timezone.now()
        ).id


def a_closed_month(organization: Organization) -> object:
    version = a_definition_version(organization)
    flows = {"flows": {}, "definition_version": version, "at": None}
    period = {"start": "2026-09-01", "end": "2026-10-01", "as_of": "", "data_through": ""}
    with tenant(organization.id):
        made, _ = ClosedMonth.objects.get_or_create(
            organization_id=organization.id,
            month=date(2026, 9, 1),
            currency="usd",
            defaults={
                "figures": {"flows": {}, "period": period, "alerts_version": 1},
                "restated": flows,
                "definition_version": version,
                "closed_at": timezone.now(),
            },
        )
    return f"{made.month:%Y-%m}"


def an_api_token(organization: Organization) -> object:
    maker = Membership.objects.get(organization=organization, role=Role.OWNER).user
    with tenant(organization.id):
        return tokens.make(organization, "a program", [tokens.METRICS], by=maker)[0].id


def a_share_link(organization: Organization) -> object:
    maker = Membership.objects.get(organization=organization, role=Role.OWNER).user
    with tenant(organization.id):
        return sharing.make(organization, "an investor", "usd", 30, by=maker)[0].id


def an_export(organization: Organization) -> object:
    with tenant(organization.id):
        export = Export.objects.create(
            organization=organization,
            table="months",
            format="csv",
            state=Export.State.READY,
            created_at=timezone.now(),
            expires_at=timezone.now() + timedelta(days=1),
        )
        return export.id


def a_note(organization: Organization) -> object:
    with tenant(organization.id):
        return CustomerNote.objects.create(
            organization_id=organization.id,
            connection_id=uuid4(),
            customer_id="cus_guessed",
            text="a note",
            at=timezone.now(),
        ).id


def an_archive(organization: Organization) -> object:
    asker = Membership.objects.get(organization=organization, role=Role.OWNER).user
    with tenant(organization.id):
        return archives.ask(organization, by=asker).id


def a_restatement(organization: Organization) -> object:
    with tenant(organization.id):
        return Restatement.objects.create(
            organization_id=organization.id, at=timezone.now(), cause="late_event", definition_version=1
        ).id


# What stands in an address. Give an argument that names a row of the organization an example of its own,
# so that other people are refused something that exists.
EXAMPLES: dict[str, Callable[[Organization], object]] = {
    "slug": lambda organization: organization.slug,
    "membership_id": an_owner_s_membership,
    "invitation_id": an_open_invitation,
    "organization_id": lambda organization: organization.id,
    "secret": lambda organization: "guessed",
    "pk": lambda organization: 1,
    "key": lambda organization: "guessed",
    "uidb36": lambda organization: "1",
    "connection_id": a_connection,
    "customer_id": lambda organization: "cus_guessed",
    "stripe_id": lambda organization: "in_guessed",
    "alert_id": an_alert,
    "archive_id": an_archive,
    "token_id": an_api_token,
    "share_link_id": a_share_link,
    "version": a_definition_version,
    "preview_id": a_preview,
    "month": a_closed_month,
    "restatement_id": a_restatement,
    "export_id": an_export,
    "rule": lambda organization: "revenue_churn",
    "vendor": lambda organization: "stripe",
    "step": lambda organization: "discounts",
    "upload_id": an_upload,
    "spend_file_id": a_spend_file,
    "note_id": a_note,
    "reason": lambda organization: "timing",
    "token": lambda organization: "guessed",
    "name": lambda organization: "failed",
}
