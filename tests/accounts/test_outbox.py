"""Messages to members: one for each cause, to those who should get it, and none lost."""

from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts import outbox
from accounts.jobs import DONE, Later
from accounts.models import Membership, Organization, Outbox, SuspendedAddress
from accounts.tenancy import tenant
from config.clock import now, set_now
from tests.cast import Person
from tests.mail_server import Inbox


def decide(organization: Organization, *people: Person, key: str = "test:1") -> None:
    with tenant(organization.id):
        outbox.put(organization.id, [one.user.pk for one in people], "test", key)


def deliver(organization: Organization, steps: int = 9) -> None:
    """Work as the job does until it pauses."""
    for _ in range(steps):
        outcome = outbox.deliver(organization.id, "")
        if outcome is DONE or isinstance(outcome, Later):
            return


def row(organization: Organization) -> Outbox:
    with tenant(organization.id):
        return Outbox.objects.get()


def addressed(inbox: Inbox) -> list[str]:
    return [str(message["To"]) for message in inbox.messages]


def test_a_decision_that_is_undone_sends_nothing(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    with transaction.atomic():
        decide(organization, owner)
        transaction.set_rollback(True)
    deliver(organization)
    assert inbox.messages == []


def test_a_cause_is_told_once_however_often_it_is_decided(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    for _ in range(3):
        decide(organization, owner)
        deliver(organization)
    assert addressed(inbox) == [owner.email]


def test_a_message_carries_the_headers_of_automatic_mail(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    decide(organization, owner)
    deliver(organization)
    message = inbox.messages[0]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].strip().startswith("<http://localhost:8000/unsubscribe/")
    assert str(row(organization).id) in message["Message-ID"]


def test_not_now_is_tried_again_under_the_same_message_id(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    inbox.answers = ["451 busy"]
    decide(organization, owner)
    deliver(organization)
    waiting = row(organization)
    assert (waiting.sent_at, waiting.attempts, "451" in waiting.last_error) == (None, 1, True)
    with set_now(now() + timedelta(minutes=2)):
        deliver(organization)
    assert str(waiting.id) in inbox.messages[0]["Message-ID"]
    assert row(organization).sent_at is not None


def test_a_server_that_dies_after_taking_a_message_gets_the_same_one_again(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    inbox.die = True
    decide(organization, owner)
    deliver(organization)
    inbox.die = False
    with set_now(now() + timedelta(minutes=2)):
        deliver(organization)
    assert len({message["Message-ID"] for message in inbox.messages}) == 1
    assert row(organization).sent_at is not None


def test_a_server_that_hangs_is_left_after_a_while(
    inbox: Inbox, organization: Organization, owner: Person, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 1
    inbox.hang = True
    decide(organization, owner)
    deliver(organization)
    assert row(organization).attempts == 1
    assert "imed out" in row(organization).last_error


def test_nobody_is_mailed_who_left_between_decision_and_sending(
    inbox: Inbox, organization: Organization, owner: Person, teammate: Person
) -> None:
    decide(organization, teammate)
    Membership.objects.filter(user=teammate.user).delete()
    deliver(organization)
    assert inbox.messages == []
    assert row(organization).dropped == "not a member any more"


def test_an_address_refused_for_good_is_suspended(
    inbox: Inbox, organization: Organization, owner: Person, teammate: Person
) -> None:
    inbox.refused[owner.email] = "550 no such person"
    decide(organization, owner, teammate)
    deliver(organization)
    assert addressed(inbox) == [teammate.email]
    assert SuspendedAddress.objects.get().reason == "bounced"
    decide(organization, owner, key="test:2")
    deliver(organization)
    with tenant(organization.id):
        assert {one.dropped for one in Outbox.objects.filter(recipient=owner.user)} == {
            "address refused",
            "address suspended",
        }


def test_an_address_that_is_full_for_now_is_not_suspended(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    inbox.refused[owner.email] = "452 mailbox full"
    decide(organization, owner)
    deliver(organization)
    assert not SuspendedAddress.objects.exists()
    assert row(organization).dropped == ""


def test_the_limit_of_a_day_lets_the_rest_wait(
    inbox: Inbox, organization: Organization, owner: Person, settings: Settings
) -> None:
    settings.MAIL_LIMIT_A_DAY = 2
    for number in range(4):
        decide(organization, owner, key=f"test:{number}")
    deliver(organization)
    assert len(inbox.messages) == 2
    with tenant(organization.id):
        assert Outbox.objects.filter(sent_at=None, dropped="").count() == 2


def test_a_message_that_nobody_could_deliver_for_days_is_given_up(
    organization: Organization, owner: Person, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    decide(organization, owner)
    with tenant(organization.id):
        Outbox.objects.update(created_at=now() - timedelta(days=4))
    deliver(organization)
    assert row(organization).dropped == "given up"


def test_a_message_waits_until_it_is_due(inbox: Inbox, organization: Organization, owner: Person) -> None:
    morning = now() + timedelta(hours=8)
    with tenant(organization.id):
        outbox.put(organization.id, [owner.user.pk], "test", "test:1", due_at=morning)
    assert outbox.deliver(organization.id, "") == Later(morning)
    with set_now(morning):
        deliver(organization)
    assert addressed(inbox) == [owner.email]


def test_two_writers_of_one_kind_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="Two functions compose"):
        outbox.composer("test")(lambda organization_id, recipient, key: None)


def test_a_message_that_cannot_be_written_stops_no_other(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        outbox.put(organization.id, [owner.user.pk], "of a later release", "odd:1")
    decide(organization, owner)
    deliver(organization)
    assert addressed(inbox) == [owner.email]
    with tenant(organization.id):
        assert "of a later release" in Outbox.objects.get(key="odd:1").last_error


def test_while_no_server_answers_every_message_waits(
    organization: Organization, owner: Person, teammate: Person, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    decide(organization, owner, teammate)
    assert isinstance(outbox.deliver(organization.id, ""), Later)
    with tenant(organization.id):
        assert sorted(Outbox.objects.values_list("attempts", flat=True)) == [0, 1]
