"""Account mail is sent once its cause is committed, by whatever worker lives, and its text is forgotten."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts import jobs, mail
from accounts.models import AccountMail, Job
from tests.accounts.messages import delivered, text
from tests.mail_server import Inbox
from tests.processes import Worker


def post(to: str = "ann@example.com") -> None:
    mail.post(EmailMessage(subject="Grüße", body="Follow https://localhost/x/", to=[to]))


def test_a_message_of_an_undone_transaction_is_never_sent(inbox: Inbox, db: None) -> None:
    with transaction.atomic():
        post()
        transaction.set_rollback(True)
    jobs.run_until_idle(None)
    assert inbox.messages == []


def test_a_message_arrives_as_written(inbox: Inbox, db: None) -> None:
    message = EmailMultiAlternatives(subject="Grüße 🌊", body="Plain ✓", to=["Ann <ann@example.com>"])
    message.attach_alternative("<p>Rich ✓</p>", "text/html")
    mail.post(message)
    jobs.run_until_idle(None)
    rebuilt = mail.rebuild(inbox.messages[0].as_bytes())
    assert isinstance(rebuilt, EmailMultiAlternatives)
    assert (rebuilt.subject, rebuilt.body.strip(), rebuilt.to) == (
        "Grüße 🌊",
        "Plain ✓",
        ["Ann <ann@example.com>"],
    )
    assert [str(content).strip() for content, _ in rebuilt.alternatives] == ["<p>Rich ✓</p>"]


def test_a_sent_message_is_forgotten(inbox: Inbox, db: None) -> None:
    post()
    jobs.run_until_idle(None)
    kept = AccountMail.objects.get()
    assert (bytes(kept.message), kept.sent_at is not None) == (b"", True)


def test_a_second_delivery_sends_nothing(inbox: Inbox, db: None) -> None:
    post()
    for _ in range(2):
        mail.send_account_mail(None, str(AccountMail.objects.get().id))
    assert len(inbox.messages) == 1


def test_not_now_is_tried_again_later_under_the_same_message_id(inbox: Inbox, db: None) -> None:
    inbox.answers = ["451 busy"]
    post()
    kept = bytes(AccountMail.objects.get().message)
    jobs.run_until_idle(None)
    job = Job.objects.get()
    assert (job.state, job.attempts) == (Job.State.QUEUED, 0)
    jobs.enqueue(None, "send_account_mail", job.key)
    jobs.run_until_idle(None)
    assert [message["Message-ID"] for message in inbox.messages] == [message_from_bytes(kept)["Message-ID"]]


def test_a_refused_message_is_set_aside(inbox: Inbox, db: None, settings: Settings) -> None:
    settings.JOB_BACKOFF_SECONDS = 0
    inbox.answers = ["550 no such person"] * 9
    post()
    with pytest.raises(jobs.JobFailed, match="550"):
        jobs.run_until_idle(None)
    assert inbox.tries == 5


def test_a_server_away_for_a_day_fails(db: None, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.JOB_BACKOFF_SECONDS = "127.0.0.1", 1, 0
    post()
    jobs.run_until_idle(None)
    AccountMail.objects.update(created_at=timezone.now() - timedelta(days=2))
    jobs.enqueue(None, "send_account_mail", Job.objects.get().key)
    with pytest.raises(jobs.JobFailed, match="ConnectionRefusedError"):
        jobs.run_until_idle(None)


def test_without_a_server_a_message_is_one_file_however_often_it_is_sent(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    post()
    stored = bytes(AccountMail.objects.get().message)
    for _ in range(2):
        mail.rebuild(stored).send()
    (message,) = delivered("ann@example.com")
    assert (message["Subject"], text(message).strip()) == ("Grüße", "Follow https://localhost/x/")
    assert "https://localhost/x/" in capsys.readouterr().err


def test_a_worker_killed_while_sending_is_replaced_by_another(
    inbox: Inbox, db: None, settings: Settings, celery_worker_later: Worker
) -> None:
    inbox.hang = True
    celery_worker_later.start()
    post()
    wait_until(lambda: inbox.tries == 1)
    celery_worker_later.kill()
    inbox.hang = False
    celery_worker_later.start()
    wait_until(lambda: len(inbox.messages) == 1)
    wait_until(lambda: Job.objects.get().state == Job.State.DONE)
    assert Job.objects.get().attempts == 0


@pytest.fixture
def celery_worker_later(db: None) -> Iterator[Worker]:
    """Give a worker that the test starts once the mail server stands."""
    worker = Worker()
    yield worker
    worker.stop()


def wait_until(holds: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.05)
