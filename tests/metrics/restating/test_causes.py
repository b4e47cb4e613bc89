"""Why a closed month changed: what came late names whom it changed, what was erased is counted alone."""

from datetime import date

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.mirror import tombstone
from billing_sync.models import Connection, Event, Invoice, Subscription
from billing_sync.resources import CUSTOMERS
from metrics.build.recompute import catch_up, recompute
from metrics.restating import closings
from metrics.restating.models import ClosedBalance, Restatement
from tests.cast import Person
from tests.metrics.conftest import NOW
from tests.metrics.seeding import Mirror

MONTH = date(2026, 9, 1)


@pytest.mark.parametrize(("deleted", "cause"), [(2, "erasure"), (1, "late_event"), (0, "late_event")])
def test_a_payer_whose_facts_are_gone_is_counted_and_named_only_while_known_to_stripe(
    organization: Organization, owner: Person, business: Mirror, deleted: int, cause: str
) -> None:
    """Of two payers whose facts vanish, so many were deleted as customers before."""
    with tenant(organization.id):
        rows = closings.close(organization.id, MONTH, by=owner.user)
        published = {row.currency: closings.published_model(row) for row in rows}
        counted = ClosedBalance.objects.filter(month=MONTH, ending_micro__gt=0).order_by("customer_id")
        gone = list(counted.values_list("customer_id", flat=True)[:2])
        lost = sum(row.ending_micro for row in counted if row.customer_id in gone and row.currency == "usd")
        connection = Connection.objects.get(id=business.connection_id)
        tombstone(connection, CUSTOMERS, gone[:deleted], NOW)
        for model in (Subscription, Invoice, Event):
            model._default_manager.filter(customer_id__in=gone).delete()
    recompute(organization.id, [(business.connection_id, name) for name in gone])
    catch_up(organization.id)
    with tenant(organization.id):
        entry = Restatement.objects.get()
        assert (entry.cause, entry.months, entry.detail["customers"]) == (cause, [MONTH], 2)
        assert entry.detail["subscriptions"] >= 2
        named = {one for one in entry.objects_named if one.startswith("cus_")}
        assert named == (set(gone) if cause == "late_event" else set())
        assert bool(entry.objects_named) == (cause == "late_event")
        one = closings.published(closings.closed(organization.id).get(month=MONTH, currency="usd"))
        assert one.before.ending_micro - one.after.ending_micro == lost > 0
        assert closings.published_model(one.row) == published["usd"]
