"""What an admin sets for all e-mails, and sees of suspended addresses."""

from accounts import outbox
from accounts.models import Organization
from accounts.tenancy import tenant
from metrics.alerts.models import MailSettings
from tests.cast import Person
from tests.dashboards.test_emails import deliver
from tests.mail_server import Inbox


def test_an_admin_sets_what_all_e_mails_show_and_where_answers_go(
    inbox: Inbox, owner: Person, teammate: Person, organization: Organization
) -> None:
    answer = owner.client.post("/o/acme/mail/settings", {"shows_payers": "on", "reply_to": "a@acme.example"})
    assert answer.status_code == 302
    owner.client.post("/o/acme/mail/test")
    deliver(organization)
    assert inbox.messages[0]["Reply-To"] == "a@acme.example"
    assert inbox.messages[0]["From"] == "Millrace <millrace@localhost>"
    assert "Save for everyone" not in teammate.client.get("/o/acme/mail/").content.decode()


def test_an_absurd_address_for_answers_is_refused(owner: Person, organization: Organization) -> None:
    answer = owner.client.post("/o/acme/mail/settings", {"reply_to": "nobody"})
    assert answer.status_code == 400
    assert "Enter a valid email address" in answer.content.decode()
    with tenant(organization.id):
        assert not MailSettings.objects.exists()


def test_an_admin_sees_whose_address_is_suspended(
    owner: Person, teammate: Person, other_owner: Person, organization: Organization
) -> None:
    for somebody in (teammate, other_owner):
        outbox.suspend(somebody.email, "complained", "")
    shown = owner.client.get("/o/acme/mail/").content.decode()
    assert (teammate.email in shown, other_owner.email in shown) == (True, False)
