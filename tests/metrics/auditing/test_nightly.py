"""When the audit runs, and who hears of what it found."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.jobs import Later
from accounts.models import Organization, Outbox
from accounts.tenancy import tenant
from config.clock import set_now
from dashboards.emails.audit import audit as letter
from metrics import jobs
from metrics.auditing.models import AuditRun
from metrics.auditing.nightly import next_audit
from metrics.models import CurrentBuild, Definition, Movement
from tests.cast import Person

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
ACCOUNT = uuid.UUID(int=1)


@pytest.fixture
def computed(organization: Organization) -> Organization:
    """Give an organization whose ledger has a movement that no segment is behind."""
    with tenant(organization.id):
        Definition.objects.create(organization=organization, version=1, settings={}, created_at=NOON)
        built = {"organization": organization, "definition_version": 1, "build": 1}
        CurrentBuild.objects.create(**built, computed_at=NOON, connection_ids=[ACCOUNT])
        moved = {"currency": "usd", "kind": "new", "amount_micro": 1, "after_micro": 1, "legs": []}
        told = {"reasons": [], "subscription_ids": [], "customer_id": "cus_1", "connection_id": ACCOUNT}
        Movement.objects.create(**built, **moved, **told, date=NOON.date())
    return organization


def at_night(organization: Organization) -> datetime:
    return next_audit("UTC", organization.id, NOON)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"])
def test_each_early_morning_audits_once(zone: str) -> None:
    for number in range(50):
        at = next_audit(zone, uuid.UUID(int=number), NOON)
        assert 5 <= at.astimezone(ZoneInfo(zone)).hour < 7
        assert next_audit(zone, uuid.UUID(int=number), at) - at == timedelta(days=1)


def test_the_first_audit_waits_for_a_night(computed: Organization) -> None:
    with set_now(NOON):
        assert jobs.audit(computed.id, "") == Later(at_night(computed))
    with tenant(computed.id):
        assert not AuditRun.objects.exists()


def test_a_night_audits_once_and_tells_of_drift(computed: Organization, owner: Person) -> None:
    for _ in range(2):
        with set_now(at_night(computed) + timedelta(minutes=2)):
            jobs.audit(computed.id, "")
    with tenant(computed.id):
        assert AuditRun.objects.get().differences == 1
        told = Outbox.objects.get(kind="audit")
        message = letter(computed.id, owner.user, told.key)
    assert message is not None
    assert "manage.py recompute acme" in message.text
    assert "/o/acme/sync/#audit" in message.html


def test_drift_that_a_later_audit_no_longer_finds_is_not_mailed(
    computed: Organization, owner: Person
) -> None:
    with set_now(at_night(computed)):
        jobs.audit(computed.id, "")
    with tenant(computed.id):
        AuditRun.objects.update(differences=0)
        assert letter(computed.id, owner.user, Outbox.objects.get(kind="audit").key) is None


def test_a_missed_night_is_made_up_for_by_day(computed: Organization) -> None:
    with set_now(at_night(computed)):
        jobs.audit(computed.id, "")
    with set_now(at_night(computed) + timedelta(days=3, hours=12)):
        jobs.audit(computed.id, "")
    with tenant(computed.id):
        assert AuditRun.objects.count() == 2
