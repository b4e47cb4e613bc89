"""The weekly digest's section of what is decided."""

from datetime import date, timedelta

from accounts.models import Organization
from accounts.outbox import Message
from accounts.tenancy import tenant
from config.clock import set_now
from dashboards.emails.digest import digest
from metrics.models import DecidedChange
from tests.cast import Person
from tests.metrics.alerts.business import base, noon, write

MONDAY = date(2026, 9, 14)


def decide(organization: Organization, kind: str, minor: int, on: date) -> None:
    """Store a change that is decided for a day."""
    with tenant(organization.id):
        DecidedChange.objects.create(
            organization_id=organization.id,
            connection_id=organization.id,
            customer_id="cus_secret",
            subscription_id="sub_0",
            currency="usd",
            kind=kind,
            due_on=on,
            amount_micro=minor * 1_000_000,
            committed_micro=0,
        )


def composed(organization: Organization, person: Person) -> Message:
    write(organization, base(100), noon(MONDAY))
    with set_now(noon(MONDAY)), tenant(organization.id):
        message = digest(organization.id, person.user, f"digest:{MONDAY.isoformat()}")
    assert message is not None
    return message


def test_the_digest_sums_thirty_days_by_kind_and_names_nobody(
    organization: Organization, owner: Person
) -> None:
    for n, (kind, minor) in enumerate((("cancellation", -4), ("trial_end", 9), ("renewal", 2))):
        decide(organization, kind, minor, MONDAY + timedelta(days=n))
    decide(organization, "phase", 50, MONDAY + timedelta(days=30))
    message = composed(organization, owner)
    section = message.text.partition("Decided for the next 30 days")[2].split("Alerts")[0]
    *lines, link = [line.strip() for line in section.split("\n") if line.strip()]
    assert lines == [
        "Cancellations (1): −$0.04",
        "Trials end (1): +$0.09",
        "All that moves MRR: +$0.05",
        "At risk, without moving",
        "Annual renewals (1): $0.02",
    ]
    assert link.endswith("/o/acme/analysis/calendar/")
    for words in ("Decided for the next 30 days", "+$0.05", "At risk, without moving", link):
        assert words in message.html
    assert "cus_secret" not in message.text + message.html


def test_a_quiet_month_is_told_as_such(organization: Organization, owner: Person) -> None:
    message = composed(organization, owner)
    assert "Nothing that moves MRR." in message.text
    assert "Nothing that moves MRR." in message.html
    assert "At risk" not in message.text
