"""What the sync page tells of the last audit."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from config import clock
from metrics.auditing.models import AuditRun
from tests.cast import Person
from tests.dashboards.revenue import NOW
from tests.dashboards.test_sync import live, read

DRIFT = {
    "table": "metrics_movement",
    "key": "2026-11-01 cus_7 usd",
    "column": "kind",
    "stored": "churn",
    "expected": None,
}


def audited(organization: Organization, **more: Any) -> None:
    live(organization)
    facts = {"begun_at": NOW - timedelta(hours=7), "definition_version": 1, "build": 1, **more}
    with tenant(organization.id):
        AuditRun.objects.create(organization=organization, **facts)


@pytest.fixture(autouse=True)
def present() -> Any:
    with clock.set_now(NOW):
        yield


def test_before_the_first_audit_the_page_says_when_it_comes(
    owner: Person, organization: Organization
) -> None:
    live(organization)
    assert "None yet; the first runs in the early morning" in read(owner)


def test_a_clean_audit_says_what_it_compared(teammate: Person, organization: Organization) -> None:
    audited(
        organization, customers=1_234, rows=56_789, ended_at=NOW - timedelta(hours=7) + timedelta(seconds=3)
    )
    text = read(teammate)
    for words in ("No drift", "1,234 customers, 56,789 rows", "3.0 s"):
        assert words in text
    assert "manage.py" not in text


def test_drift_names_its_rows_and_what_to_do(owner: Person, organization: Organization) -> None:
    audited(organization, differences=2_000, drift=[DRIFT])
    text = read(owner)
    for words in ("Movements: kind 2026-11-01 cus_7 usd churn", "2,000", "manage.py recompute acme"):
        assert words in text


def test_an_audit_of_days_ago_says_that_nights_are_missing(owner: Person, organization: Organization) -> None:
    audited(organization, begun_at=NOW - timedelta(days=3))
    assert "The last nights' audits are missing." in read(owner).replace("&#x27;", "'")
