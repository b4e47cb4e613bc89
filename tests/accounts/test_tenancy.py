"""The database shows one organization's rows inside its tenant, and raises everywhere else."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, DataError, connection, transaction

from accounts.audit import record
from accounts.models import AuditEntry, Organization
from accounts.tenancy import (
    WrongTenantError,
    adbc,
    blank_tenant,
    current_organization_id,
    set_tenant,
    tenant,
    tenant_trip,
)

ENTRY = """
INSERT INTO accounts_auditentry (organization_id, id, at, action, subject, details)
VALUES (%s, gen_random_uuid(), now(), 'seen', %s, '{}')
"""


@pytest.fixture
def entries(organization: Organization, other_organization: Organization) -> None:
    """Write one audit entry for each of two organizations."""
    for each in (organization, other_organization):
        with tenant(each.id):
            record("seen", actor=None, subject=each.slug)


def test_a_tenant_sees_its_own_rows_alone(entries: None, organization: Organization) -> None:
    with tenant(organization.id):
        assert [entry.subject for entry in AuditEntry.objects.all()] == ["acme"]


def test_without_a_tenant_a_query_raises_and_returns_nothing(entries: None) -> None:
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_an_emptied_tenant_raises_too(entries: None) -> None:
    blank_tenant()
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_after_a_tenant_a_query_raises_again(entries: None, organization: Organization) -> None:
    with tenant(organization.id):
        AuditEntry.objects.count()
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_after_an_exception_nothing_is_written_and_no_tenant_is_left(organization: Organization) -> None:
    def lose() -> None:
        with tenant(organization.id):
            record("lost", actor=None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lose()
    assert current_organization_id() is None
    with tenant(organization.id):
        assert not AuditEntry.objects.exists()


def test_a_nested_exception_restores_the_tenant_around_it(organization: Organization) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), tenant(organization.id):
            raise ZeroDivisionError
        assert current_organization_id() is None


def test_a_nested_tenant_ends_with_its_block(organization: Organization) -> None:
    with transaction.atomic():
        with tenant(organization.id):
            assert current_organization_id() == organization.id
        assert current_organization_id() is None


def test_the_same_tenant_may_be_entered_twice(organization: Organization) -> None:
    with tenant(organization.id):
        with tenant(organization.id):
            pass
        assert current_organization_id() == organization.id


def test_another_tenant_is_refused_inside_a_tenant(
    organization: Organization, other_organization: Organization
) -> None:
    with tenant(organization.id), pytest.raises(WrongTenantError), tenant(other_organization.id):
        pass


def test_one_round_trip_sees_and_writes_its_own_rows_and_leaves_no_tenant(
    entries: None, organization: Organization
) -> None:
    with tenant_trip(organization.id) as road:
        road.send(ENTRY, [organization.id, "by a trip"])
        seen = road.send("SELECT subject FROM accounts_auditentry ORDER BY at, subject")
    assert seen.fetchall() == [("acme",), ("by a trip",)]
    assert current_organization_id() is None
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_of_a_round_trip_that_fails_nothing_stays(organization: Organization) -> None:
    def fail() -> None:
        with tenant_trip(organization.id) as road:
            road.send(ENTRY, [organization.id, "lost"])
            road.send("SELECT 1 / %s::int", [0])

    def think_better_of_it() -> None:
        with tenant_trip(organization.id) as road:
            road.send(ENTRY, [organization.id, "lost"])
            raise ZeroDivisionError

    for error, lose in ((DataError, fail), (ZeroDivisionError, think_better_of_it)):
        with pytest.raises(error):
            lose()
    assert current_organization_id() is None
    with tenant(organization.id):
        assert not AuditEntry.objects.exists()


def test_a_round_trip_inside_a_transaction_is_a_part_of_it(
    organization: Organization, other_organization: Organization
) -> None:
    with transaction.atomic():
        with tenant_trip(organization.id) as road:
            road.send(ENTRY, [organization.id, "undone"])
        transaction.set_rollback(True)
    with tenant(organization.id):
        assert not AuditEntry.objects.exists()
        with pytest.raises(WrongTenantError), tenant_trip(other_organization.id):
            pass


def test_a_round_trip_writes_no_row_of_another_organization(
    organization: Organization, other_organization: Organization
) -> None:
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        tenant_trip(organization.id) as road,
    ):
        road.send(ENTRY, [other_organization.id, "forged"])


def test_a_row_of_another_organization_cannot_be_written(
    organization: Organization, other_organization: Organization
) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), tenant(organization.id):
        AuditEntry.objects.create(organization=other_organization, at="2026-01-01T00:00Z", action="forged")


def test_the_audit_log_cannot_be_changed(entries: None, organization: Organization) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), tenant(organization.id):
        AuditEntry.objects.update(action="never happened")
    with pytest.raises(DatabaseError, match="permission denied"), tenant(organization.id):
        AuditEntry.objects.all()._raw_delete("default")


def test_an_audit_entry_without_a_tenant_is_refused(db: None) -> None:
    with pytest.raises(WrongTenantError):
        record("seen", actor=None)


def test_a_tenant_cannot_be_set_outside_a_transaction(db: None) -> None:
    with pytest.raises(WrongTenantError):
        set_tenant(uuid4())


def test_an_open_transaction_cannot_be_blanked(db: None) -> None:
    with transaction.atomic(), pytest.raises(WrongTenantError):
        blank_tenant()


def test_a_tenant_left_on_a_connection_is_gone_after_blanking(
    entries: None, organization: Organization
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization_id', %s, false)", [str(organization.id)])
    blank_tenant()
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_a_connection_from_the_pool_carries_no_tenant(entries: None, organization: Organization) -> None:
    with tenant(organization.id):
        pass
    connection.close()
    assert current_organization_id() is None


def test_a_bulk_connection_sees_its_tenant_alone(entries: None, organization: Organization) -> None:
    with adbc(organization.id) as bulk, bulk.cursor() as cursor:
        cursor.execute("SELECT subject FROM accounts_auditentry")
        assert cursor.fetchall() == [("acme",)]


def test_a_bulk_connection_loses_its_tenant_with_its_transaction(
    entries: None, organization: Organization
) -> None:
    with adbc(organization.id) as bulk, bulk.cursor() as cursor:
        bulk.rollback()
        cursor.execute("SELECT subject FROM accounts_auditentry")
        with pytest.raises(Exception, match="invalid input syntax for type uuid"):
            cursor.fetchall()
