"""States of the alerts' and e-mails' pages, for people to look at."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import outbox
from accounts.models import Organization, User
from accounts.tenancy import tenant
from billing_sync.models import Payer
from dashboards.emails.unsubscribing import Link
from metrics.alerts.acknowledging import acknowledge
from metrics.alerts.models import Alert
from tests.dashboards.revenue import NOW
from tests.metrics.alerts.business import Told, base, leaving, write

FIRING, OLD, SEEN = UUID(int=1), UUID(int=2), UUID(int=3)
EACH = 49_000_000_00
TODAY = NOW.date()
NAMES = ("Ada Lovelace", "Fuchs & Söhne GmbH", "Northwind Traders", "Acme Robotics International Holdings")


def alerting(organization: Organization) -> None:
    """Let customers leave in spring and again now: an alert has recovered, one is acknowledged, one fires."""
    told = [
        *base(200, EACH),
        *leaving(0, 9, date(2026, 4, 3), EACH),
        *leaving(20, 8, TODAY - timedelta(days=4), EACH),
        *(Told(date(2026, 1 + n % 9, 3), "expansion", f"cus_{90 + n}", EACH // 4) for n in range(40)),
    ]
    write(organization, told, NOW)
    with tenant(organization.id):
        rows = [
            {
                "on": (TODAY - timedelta(days=4)).isoformat(),
                "connection": str(UUID(int=9)),
                "customer": f"cus_{20 + n}",
                "kind": "churn",
                "amount_micro": -EACH,
            }
            for n in range(8)
        ]
        for number, name in enumerate(NAMES):
            Payer.objects.create(
                organization=organization,
                connection_id=UUID(int=9),
                customer_id=f"cus_{20 + number}",
                name=name,
                fields=b"",
                fetched_at=NOW,
            )
        evidence = {"count": 8, "customers": 191, "mrr_micro": 191 * EACH, "rows": rows}
        _alert(organization, FIRING, "revenue_churn", TODAY - timedelta(days=2), "8/191", evidence=evidence)
        _alert(organization, OLD, "revenue_churn", date(2026, 4, 5), "9/200", recovered_on=date(2026, 5, 4))
        seen = _alert(
            organization, SEEN, "net_revenue_retention_low", TODAY - timedelta(days=2), "183/191", "1"
        )
        owner = User.objects.get(email="owner@acme.example")
        acknowledge(seen, by=owner, until=TODAY + timedelta(days=7))


def _alert(
    organization: Organization,
    identity: UUID,
    rule: str,
    fired_on: date,
    value: str,
    threshold: str = "3/100",
    **more: Any,
) -> Alert:
    return Alert.objects.create(
        organization=organization,
        id=identity,
        rule=rule,
        currency="usd",
        fired_on=fired_on,
        value=value,
        threshold=threshold,
        rules_version=1,
        created_at=datetime.combine(fired_on, NOW.timetz()),
        **more,
    )


def suspended(organization: Organization) -> None:
    """Suspend the address of the member who looks, as a mail server or provider would."""
    outbox.suspend("owner@acme.example", "bounced", "550 5.1.1 No such person at this address")


Arrange = Callable[[Organization], object]
STATES: dict[Arrange, dict[str, str]] = {
    alerting: {
        "alerts": "/o/acme/alerts/",
        "alert-firing": f"/o/acme/alerts/{FIRING}",
        "alert-acknowledged": f"/o/acme/alerts/{SEEN}",
        "alert-recovered": f"/o/acme/alerts/{OLD}",
        "alert-rule-tried": "/o/acme/alerts/rules/new_mrr_flat?try=1"
        "&new_mrr_flat_weeks=2&new_mrr_flat_ratio=0.9",
        "alert-rule-refused": "/o/acme/alerts/rules/revenue_churn?try=1&revenue_churn_threshold=400",
    },
    suspended: {
        "mail-suspended": "/o/acme/mail/",
        "unsubscribe": Link(UUID(int=7), 7, "digest").url().partition("8000")[2],
        "unsubscribe-error": "/unsubscribe/cut-short",
    },
}
