"""An organization and an account are deleted for good; what others need of them stays without a name."""

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, ProgrammingError, connection

from accounts import audit, jobs
from accounts.models import AuditEntry, Job, Membership, Organization, Role, User
from accounts.privacy import deleting, ledger, people, tables
from accounts.privacy.models import Deletion
from accounts.tenancy import tenant
from billing_sync.sandbox.company import generate
from config.clock import set_now
from metrics.alerts.models import MailPreference
from tests.accounts.privacy.searching import tables_with
from tests.billing_sync.accounts import NOW, altered, connected
from tests.cast import Person, member
from tests.database import emptying


def rows_of(organization: Organization) -> set[str]:
    """Return the tables with rows that name the organization in any column, but the ledger's."""
    return tables_with(str(organization.id)) - {"accounts_deletion", "accounts_job"}


def delete(organization: Organization, by: Person) -> None:
    with tenant(organization.id):
        deleting.begin(organization, by=by.user)
    jobs.run_until_idle(organization.id)
    jobs.run_until_idle(None)


def forget(organization: Organization) -> None:
    with tenant(organization.id), connection.cursor() as cursor:
        cursor.execute("SELECT forget_organization()")


def test_a_deleted_organization_is_gone_from_every_table(
    organization: Organization, owner: Person, other_organization: Organization, other_owner: Person
) -> None:
    with altered(generate(seed=7, size=4, now=NOW), {}) as (base_url, _asked), set_now(NOW):
        connected(organization, base_url)
        assert len(rows_of(organization)) > 20
        delete(organization, owner)
    assert rows_of(organization) == set()
    assert not Job.objects.filter(organization_id=organization.id).exists()
    assert tables_with("acme") == {"account_emailaddress", "accounts_user"}
    assert Deletion.objects.get(kind=ledger.ORGANIZATION).organization_id == organization.id
    assert Organization.objects.get() == other_organization
    assert Membership.objects.get().user == other_owner.user


def test_nobody_gets_in_from_the_moment_on(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        deleting.begin(organization, by=owner.user)
    assert owner.client.get("/o/acme/").status_code == 404
    assert owner.client.get(f"/o/deleted-{organization.id.hex}/").status_code == 404


def test_a_table_that_is_forgotten_stops_the_deletion(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        deleting.close(organization.id)
    emptying().execute(
        "INSERT INTO accounts_retention (organization_id, kind) VALUES (%s, 'mails')", [organization.id]
    )
    with pytest.raises(IntegrityError, match="accounts_retention"):
        forget(organization)
    assert Organization.objects.filter(id=organization.id).exists()


def test_the_app_role_may_add_to_the_audit_log_and_no_more(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        audit.record("something.done", actor=owner.user)
        entries = AuditEntry.objects.filter(organization_id=organization.id)
        for attempt in (lambda: entries.update(action="nothing"), lambda: entries.delete()):
            with pytest.raises(ProgrammingError, match="permission denied"), tenant(organization.id):
                attempt()
        with connection.cursor() as cursor:
            cursor.execute("SELECT forget_audit(now() + interval '1 day')")
            assert cursor.fetchone() == (0,)
        assert entries.get().action == "something.done"


def test_every_tenant_table_is_emptied_by_its_name() -> None:
    assert {"accounts_auditentry", "billing_sync_payer", "metrics_segment"} < set(tables.tenant_tables())


def test_an_account_is_deleted_and_its_deeds_stay_without_a_name(
    organization: Organization, owner: Person, teammate: Person
) -> None:
    with tenant(organization.id):
        audit.record("something.done", actor=teammate.user)
        MailPreference.objects.create(organization=organization, user=teammate.user)
    people.delete_account(teammate.user)
    assert tables_with("teammate@acme") == set()
    with tenant(organization.id):
        done = AuditEntry.objects.get(action="something.done")
        assert str(done.actor) == "a deleted account"
        assert AuditEntry.objects.get(action="member.deleted_account").actor == done.actor
        assert not MailPreference.objects.exists()
    assert teammate.client.get("/o/acme/").status_code == 302
    assert not EmailAddress.objects.filter(user_id=teammate.user.id).exists()


def test_the_last_owner_hands_over_first(organization: Organization, owner: Person, teammate: Person) -> None:
    with pytest.raises(people.AccountRefusedError, match="only owner of Acme"):
        people.delete_account(owner.user)
    assert User.objects.get(id=owner.user.id).email == owner.email
    member("second@acme.example", organization, Role.OWNER)
    people.delete_account(owner.user)
    assert not User.objects.get(id=owner.user.id).is_active
