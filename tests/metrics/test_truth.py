"""What the tables say against what the invented company knows."""

from datetime import UTC, datetime

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.sandbox import truth
from billing_sync.sandbox.company import Company, generate
from config.clock import set_now
from metrics import queries
from metrics.build.recompute import recompute
from metrics.models import Movement
from tests.metrics.seeding import mirrored

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Company:
    return generate(seed=7, size=40, now=NOW)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland"])
def test_every_month_and_movement_is_the_truth(
    organization: Organization, company: Company, zone: str
) -> None:
    Organization.objects.filter(id=organization.id).update(time_zone=zone)
    mirrored(organization, company)
    with set_now(NOW):
        recompute(organization.id)
        with tenant(organization.id):
            moved = {
                (row.date.isoformat(), row.customer_id, row.kind, row.amount_micro)
                for row in Movement.objects.all()
            }
            expected = {
                (row["window"], row["customer"], row["kind"], row["amount_micro"])
                for row in truth.movements(company, zone, "day")
            }
            assert moved == expected
            months = {
                f"{one.month:%Y-%m}": {
                    "starting": one.starting_micro,
                    "new": one.new_micro,
                    "expansion": one.expansion_micro,
                    "reactivation": one.reactivation_micro,
                    "contraction": one.contraction_micro,
                    "churn": one.churn_micro,
                    "ending": one.ending_micro,
                }
                for one in queries.months(organization.id, "usd", last=40)
            }
    known = truth.totals(company, zone, "day")["usd"]
    assert {name: months[name] for name in known} == known
