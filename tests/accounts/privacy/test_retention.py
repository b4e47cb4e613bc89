"""What the numbers do not need is forgotten when an organization says so, and never a fact."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.jobs import Later
from accounts.models import AuditEntry, Organization, Outbox
from accounts.privacy import retention
from accounts.privacy.archives import ask, make, of, opened
from accounts.privacy.models import Archive, ArchivePiece
from accounts.tenancy import tenant
from billing_sync.archive import import_events
from billing_sync.digest import digest
from billing_sync.models import Repair, SyncRun, WebhookDelivery
from billing_sync.sandbox.company import generate
from billing_sync.sandbox.control import archive
from config.clock import set_now
from metrics.bridge.models import Upload
from tests.billing_sync.accounts import NOW
from tests.cast import Person

DAY = timedelta(days=1)


def purge(organization: Organization) -> None:
    outcome = retention.purge(organization.id, "")
    assert isinstance(outcome, Later)


def old_rows(organization: Organization) -> None:
    """Write one row of each kind that is 400 days old, and one of today."""
    mine: dict[str, Any] = {"organization_id": organization.id}
    for at in (timezone.now() - 400 * DAY, timezone.now()):
        Upload.objects.create(**mine, name="a.csv", content=b"a,b\n1,2\n", created_at=at)
        Outbox.objects.create(**mine, kind="test", message=b"", sent_at=at)
        SyncRun.objects.create(**mine, connection_id=uuid4(), kind="events", started_at=at, ended_at=at)
        Repair.objects.create(
            **mine, connection_id=uuid4(), run_id=uuid4(), resource="x", stripe_id="x", found_at=at
        )
        AuditEntry.objects.create(**mine, at=at, action="something.done")
    Outbox.objects.filter(sent_at__lt=timezone.now() - DAY).update(created_at=timezone.now() - 400 * DAY)


def counts(organization: Organization) -> dict[str, int]:
    with tenant(organization.id):
        kinds = (Upload, Outbox, SyncRun, Repair)
        done = AuditEntry.objects.filter(action="something.done").count()
        return {model.__name__: model.objects.count() for model in kinds} | {"AuditEntry": done}


def test_what_is_older_than_chosen_is_forgotten(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        old_rows(organization)
    purge(organization)
    kept = {"Upload": 2, "Outbox": 1, "SyncRun": 2, "Repair": 2, "AuditEntry": 2}
    assert counts(organization) == kept
    with tenant(organization.id):
        chosen = {"uploads": 30, "sync_history": 30, "mails": None, "activity": 365}
        retention.choose(organization.id, chosen, by=owner.user)
        retention.choose(organization.id, chosen, by=owner.user)
        assert AuditEntry.objects.filter(action="retention.changed").count() == 1
    purge(organization)
    assert counts(organization) == dict.fromkeys(kept, 1)
    with tenant(organization.id):
        assert AuditEntry.objects.filter(action="retention.purged").latest("at").details == {
            "activity": 1,
            "sync_history": 2,
            "uploads": 1,
        }


def test_facts_are_never_forgotten(organization: Organization, owner: Person) -> None:
    import_events(organization.id, archive(generate(seed=7, size=4, now=NOW)))
    before = digest(organization.id)
    with tenant(organization.id):
        least = {one.kind: one.least for one in retention.kinds()}
        retention.choose(organization.id, least, by=owner.user)
    with set_now(timezone.now() + 3_000 * DAY):
        purge(organization)
    assert digest(organization.id) == before


@pytest.mark.parametrize(("kind", "days"), [("activity", 364), ("mails", 0), ("uploads", 3_651)])
def test_an_impossible_number_of_days_is_refused(
    organization: Organization, owner: Person, kind: str, days: int
) -> None:
    with tenant(organization.id), pytest.raises(retention.RetentionError, match="Choose between"):
        retention.choose(organization.id, {kind: days}, by=owner.user)


def test_a_webhook_that_nobody_could_process_is_forgotten(organization: Organization) -> None:
    mine: dict[str, Any] = {"organization_id": organization.id, "connection_id": uuid4(), "body": b"{}"}
    with tenant(organization.id):
        for age in (1, 8):
            at = timezone.now() - age * DAY
            WebhookDelivery.objects.create(**mine, event_id=f"evt_{age}", received_at=at)
    purge(organization)
    with tenant(organization.id):
        assert WebhookDelivery.objects.get().event_id == "evt_1"


def test_an_archive_is_for_one_person_and_for_a_day(
    organization: Organization, owner: Person, teammate: Person
) -> None:
    with tenant(organization.id):
        asked = ask(organization, by=owner.user)
        assert ask(organization, by=owner.user) == asked
    make(organization.id, str(asked.id))
    make(organization.id, str(asked.id))
    with tenant(organization.id):
        (mine,) = of(organization.id, owner.user)
        assert mine.state == Archive.State.READY
        with opened(mine) as file:
            assert len(file.read()) == mine.size
        assert not of(organization.id, teammate.user)
    with set_now(timezone.now() + DAY):
        purge(organization)
    with tenant(organization.id):
        assert not Archive.objects.exists()
        assert not ArchivePiece.objects.exists()
