"""What each e-mail says, to whom, and how one kind of it ends."""

import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts import outbox
from accounts.jobs import DONE, Later
from accounts.models import Organization, User
from accounts.tenancy import tenant
from billing_sync.models import Connection, Payer
from config.clock import now, set_now
from dashboards.emails.masking import masked
from metrics import queries
from metrics.alerts.accounts import accounts_of
from metrics.alerts.models import Alert, MailPreference, MailSettings
from metrics.alerts.notices import send_digest, tell_movements, tell_troubles
from tests.cast import Person
from tests.mail_server import Inbox
from tests.metrics.alerts.business import Told, base, days, judge_now, leaving, noon, write

LOSS = date(2026, 9, 10)
FIRED = noon(LOSS + timedelta(days=2))


def lose_five(organization: Organization, until: int = 3) -> None:
    """Let the organization lose five of a hundred customers, and judge it day by day."""
    told = [*base(100), *leaving(0, 5, LOSS)]
    for on in days(LOSS, until):
        with set_now(noon(on)):
            write(organization, [one for one in told if one.on <= on], noon(on))
            with tenant(organization.id):
                judge_now(organization)


def deliver(organization: Organization, at: datetime | None = None) -> None:
    with set_now(at or now()):
        for _ in range(99):
            outcome = outbox.deliver(organization.id, "")
            if outcome is DONE or isinstance(outcome, Later):
                return


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def about(inbox: Inbox, words: str) -> EmailMessage:
    return next(message for message in inbox.messages if words in str(message["Subject"]))


def name(organization: Organization, customer: str, called: str) -> None:
    with tenant(organization.id):
        connection = Connection.objects.get(account_id="acct_1")
        Payer.objects.create(
            organization=organization,
            connection_id=connection.id,
            customer_id=customer,
            name=called,
            fields=b"",
            fetched_at=now(),
        )


def test_an_alert_says_its_figure_in_the_subject_and_links_to_its_rows(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    lose_five(organization)
    deliver(organization, FIRED)
    message = about(inbox, "Revenue churn")
    assert str(message["Subject"]) == "Revenue churn 5.0% at Acme"
    with tenant(organization.id):
        alert = Alert.objects.get(rule="revenue_churn")
    for kind in ("plain", "html"):
        words = body(message, kind)
        assert f"http://localhost:8000/o/acme/alerts/{alert.id}" in words
        assert "5 customers left, of 100. The largest is 1.0 points." in words
        assert "Threshold: 3.0%" in words


def test_payers_are_masked_unless_the_organization_shows_them(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    lose_five(organization)
    name(organization, "cus_0", "Ada Lovelace")
    deliver(organization, FIRED)
    words = body(about(inbox, "Revenue churn"), "html")
    assert "A••• L•••" in words
    assert "Lovelace" not in words
    inbox.messages.clear()
    with tenant(organization.id):
        MailSettings.objects.create(organization=organization, shows_payers=True)
        alert = Alert.objects.get(rule="revenue_churn")
        outbox.put(organization.id, [owner.user.pk], "alert", f"alert:{alert.id}:again")
    deliver(organization)
    assert "Ada Lovelace" in body(inbox.messages[0], "html")


@pytest.mark.parametrize(
    ("called", "hint"), [("Ada Lovelace", "A••• L•••"), ("ada@lovelace.example", "a•••@l•••"), ("", "")]
)
def test_a_mask_keeps_first_letters_alone(called: str, hint: str) -> None:
    assert masked(called) == hint


def test_an_alert_that_cleared_before_it_could_go_is_not_sent_and_neither_is_its_recovery(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    lose_five(organization, until=40)
    deliver(organization)
    subjects = [str(message["Subject"]) for message in inbox.messages]
    assert not [one for one in subjects if one.startswith("Revenue churn 5.0%")]
    assert not [one for one in subjects if "Revenue churn" in one]


def test_the_digest_comes_once_on_monday_morning(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    monday = date(2026, 9, 14)
    write(organization, [*base(100), *leaving(0, 5, LOSS)], noon(monday))
    for hours in (0, 1, 25):
        at = noon(monday) + timedelta(hours=hours)
        with set_now(at), tenant(organization.id):
            send_digest(queries.shown(organization.id))
        deliver(organization, at)
    assert [str(one["Subject"]) for one in inbox.messages] == ["MRR $0.95 at Acme: the week to 13 September"]
    words = body(inbox.messages[0])
    assert re.search(r"The week\n.*New: \$0.00(.|\n)*Churned: \$0.05", words)
    assert words.count("cus_") == 5


def test_an_e_mail_is_written_in_its_reader_s_language(
    inbox: Inbox, organization: Organization, owner: Person, teammate: Person
) -> None:
    User.objects.filter(pk=owner.user.pk).update(language="de")
    write(organization, [*base(100), *leaving(0, 5, LOSS)], noon(date(2026, 9, 14)))
    with set_now(noon(date(2026, 9, 14))), tenant(organization.id):
        send_digest(queries.shown(organization.id))
    deliver(organization, noon(date(2026, 9, 14)))
    german, plain = (
        next(one for one in inbox.messages if one["To"] == each.email) for each in (owner, teammate)
    )
    assert "0,95 $" in str(german["Subject"])
    assert "13. September" in str(german["Subject"])
    assert "$0.95" in str(plain["Subject"])
    assert 'lang="de"' in body(german, "html")


def test_a_member_hears_of_movements_as_large_as_she_asked_for(
    inbox: Inbox, organization: Organization, owner: Person, teammate: Person
) -> None:
    today = date(2026, 9, 14)
    old = Told(today - timedelta(days=2), "new", "cus_old", 900_000_000)
    told = [Told(today, "new", "cus_big", 500_000_000), Told(today, "new", "cus_small", 100_000_000), old]
    write(organization, [*base(10), *told], noon(today))
    with tenant(organization.id):
        MailPreference.objects.create(
            organization=organization, user=teammate.user, movements_above_minor=400
        )
    for _ in range(2):
        with set_now(noon(today)), tenant(organization.id):
            tell_movements(queries.shown(organization.id))
        deliver(organization, noon(today))
    assert [(str(one["To"]), str(one["Subject"])) for one in inbox.messages] == [
        (teammate.email, "New +$5.00 at Acme")
    ]
    assert "cus_big" in body(inbox.messages[0])


@pytest.mark.parametrize(
    ("state", "hours", "subject"),
    [
        ("revoked", 1, "can no longer be read"),
        ("live", 7, "nothing new"),
        ("live", 1, ""),
    ],
)
def test_a_trouble_of_the_sync_is_told_once_a_day(
    inbox: Inbox, organization: Organization, owner: Person, state: str, hours: int, subject: str
) -> None:
    at = noon(date(2026, 9, 14))
    write(organization, base(10), at)
    with tenant(organization.id):
        Connection.objects.update(state=state)
    later = at + timedelta(hours=hours)
    for _ in range(2):
        with set_now(later), tenant(organization.id):
            tell_troubles(queries.shown(organization.id), accounts_of(organization.id))
        deliver(organization, later)
    assert len(inbox.messages) == (1 if subject else 0)
    assert all(subject in str(one["Subject"]) for one in inbox.messages)


def test_quiet_hours_hold_a_message_back_until_they_end(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        MailPreference.objects.create(
            organization=organization, user=owner.user, quiet_from=22, quiet_until=7
        )
    night = datetime(2026, 9, 14, 23, tzinfo=UTC)
    write(organization, base(10), night)
    with set_now(night), tenant(organization.id):
        send_digest(queries.shown(organization.id))
    deliver(organization, night + timedelta(hours=7))
    assert inbox.messages == []
    deliver(organization, datetime(2026, 9, 15, 7, tzinfo=UTC))
    assert len(inbox.messages) == 1


def unsubscribe_path(message: EmailMessage) -> str:
    return urlsplit(str(message["List-Unsubscribe"]).strip().strip("<>")).path


def test_one_click_ends_one_kind_of_e_mail_without_a_sign_in(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    lose_five(organization)
    deliver(organization, FIRED)
    path = unsubscribe_path(about(inbox, "Revenue churn"))
    visitor = Client(enforce_csrf_checks=True)
    assert visitor.get(path).status_code == 200
    with tenant(organization.id):
        assert not MailPreference.objects.filter(alerts=False).exists()
    assert visitor.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    with tenant(organization.id):
        said = MailPreference.objects.get()
    assert (said.user_id, said.alerts, said.weekly_digest) == (owner.user.pk, False, True)


def test_a_link_that_was_changed_ends_nothing(
    inbox: Inbox, organization: Organization, owner: Person, other_owner: Person
) -> None:
    lose_five(organization)
    deliver(organization, FIRED)
    path = unsubscribe_path(about(inbox, "Revenue churn"))
    forged = path.replace(f"~{owner.user.pk}~", f"~{other_owner.user.pk}~")
    assert Client().post(forged).status_code == 404
    assert Client().post(path[:-3]).status_code == 404


def test_a_member_chooses_what_she_hears(owner: Person, organization: Organization) -> None:
    answer = owner.client.post(
        "/o/acme/mail/",
        {
            "recoveries": "on",
            "reminder_days": "3",
            "quiet_from": "22",
            "quiet_until": "7",
            "movements_above": "50",
        },
    )
    assert answer.status_code == 302
    with tenant(organization.id):
        said = MailPreference.objects.get()
    assert (said.alerts, said.recoveries, said.reminder_days) == (False, True, 3)
    assert (said.quiet_from, said.quiet_until, said.movements_above_minor) == (22, 7, 5_000)


@pytest.mark.parametrize(
    ("field", "value"), [("reminder_days", "0"), ("movements_above", "-1"), ("quiet_from", "22")]
)
def test_an_absurd_choice_is_refused_and_nothing_kept(
    owner: Person, organization: Organization, field: str, value: str
) -> None:
    answer = owner.client.post("/o/acme/mail/", {field: value})
    assert answer.status_code == 400
    with tenant(organization.id):
        assert not MailPreference.objects.exists()


def test_a_suspended_address_is_shown_and_lifted_by_its_owner(
    owner: Person, organization: Organization
) -> None:
    outbox.suspend(owner.email, "bounced", "550 no such person")
    assert "550 no such person" in owner.client.get("/o/acme/mail/").content.decode()
    owner.client.post("/o/acme/mail/suspension")
    assert outbox.suspension(owner.email) is None


def test_a_message_that_is_late_waits_for_the_end_of_quiet_hours(
    inbox: Inbox, organization: Organization, owner: Person
) -> None:
    evening = datetime(2026, 9, 14, 21, tzinfo=UTC)
    write(organization, base(10), evening)
    with set_now(evening), tenant(organization.id):
        send_digest(queries.shown(organization.id))
        MailPreference.objects.create(
            organization=organization, user=owner.user, quiet_from=22, quiet_until=7
        )
    deliver(organization, evening + timedelta(hours=2))
    assert inbox.messages == []
    deliver(organization, evening + timedelta(hours=10))
    assert len(inbox.messages) == 1
