"""Rows of previews, closed months and restatements open customers, subscriptions and Stripe."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import models
from billing_sync.models import Connection
from billing_sync.payload import write_payload
from config.clock import set_now
from dashboards.places import places
from metrics import queries
from metrics.restating.entries import enter
from metrics.restating.models import ClosedBalance, Preview, PreviewedChange
from tests.cast import Person
from tests.dashboards.business import summed
from tests.dashboards.revenue import EURO, NOW, revenue
from tests.dashboards.test_closings import close, shown
from tests.dashboards.test_definition import propose


@pytest.fixture
def account(organization: Organization) -> UUID:
    """Give an account that is summed, with one customer and one subscription."""
    revenue(organization)
    with tenant(organization.id):
        connection_id = Connection.objects.get().id
        key: dict[str, Any] = {"organization": organization, "connection_id": connection_id}
        facts = {**key, "payload": write_payload({"object": "thing"}), "api_version": "", "fetched_at": NOW}
        models.Customer.objects.create(**facts, stripe_id="cus_ada")
        models.Subscription.objects.create(**facts, stripe_id="sub_ada", customer_id="cus_ada")
    summed(organization, connection_id)
    return connection_id


def opens(owner: Person, html: str, url: str) -> None:
    """Fail unless a page links to an address, and that opens."""
    assert f'href="{url}"' in html
    shown(owner, url)


def test_what_a_preview_changes_opens(owner: Person, organization: Organization, account: UUID) -> None:
    address = propose(owner, discounts="none")
    with tenant(organization.id):
        PreviewedChange.objects.create(
            organization_id=organization.id,
            preview_id=Preview.objects.get().id,
            position=1,
            connection_id=account,
            customer_id="cus_ada",
            subscription_id="sub_ada",
            currency="eur",
            before_micro=EURO,
            after_micro=2 * EURO,
            differs_from=NOW,
        )
    page = shown(owner, address)
    opens(owner, page, f"/o/acme/customers/{account}/cus_ada/")
    opens(owner, page, f"/o/acme/objects/{account}/sub_ada/")


def test_who_makes_a_closed_month_differ_opens_but_not_in_an_account_that_is_gone(
    owner: Person, organization: Organization, account: UUID
) -> None:
    close(owner, "2026-09")
    with tenant(organization.id):
        for connection_id in (account, UUID(int=1)):
            ClosedBalance.objects.create(
                organization=organization,
                month=date(2026, 9, 1),
                currency="eur",
                connection_id=connection_id,
                customer_id="cus_ada",
                starting_micro=EURO,
                ending_micro=EURO,
                restated={"starting": 0, "ending": EURO},
            )
    page = shown(owner, "/o/acme/audit/months/2026-09")
    opens(owner, page, f"/o/acme/customers/{account}/cus_ada/")
    assert f"customers/{UUID(int=1)}" not in page
    assert "<code>cus_ada</code>" in page


def test_what_a_restatement_names_opens_and_what_is_gone_is_named(
    owner: Person, organization: Organization, account: UUID
) -> None:
    with tenant(organization.id), set_now(NOW):
        entry = enter(
            organization.id, "late_event", [], version=1, objects=["cus_ada", "sub_ada", "sub_gone"]
        )
    page = shown(owner, f"/o/acme/audit/restatements/{entry.id}")
    opens(owner, page, f"/o/acme/customers/{account}/cus_ada/")
    opens(owner, page, f"/o/acme/objects/{account}/sub_ada/")
    assert "<code>sub_gone</code>" in page


def test_a_customer_without_a_subscription_has_a_page(owner: Person, account: UUID) -> None:
    assert "This customer never had MRR." in shown(owner, f"/o/acme/customers/{account}/cus_ada/")
    assert owner.client.get(f"/o/acme/customers/{account}/cus_nobody/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "livemode", "url"),
    [
        (Connection.Kind.RESTRICTED_KEY, True, "https://dashboard.stripe.com/invoices/in_1"),
        (Connection.Kind.RESTRICTED_KEY, False, "https://dashboard.stripe.com/test/invoices/in_1"),
        (Connection.Kind.ARCHIVE, True, ""),
    ],
)
def test_an_invoice_opens_at_stripe_unless_it_came_from_an_archive(
    organization: Organization, account: UUID, kind: str, livemode: bool, url: str
) -> None:
    with tenant(organization.id):
        Connection.objects.update(kind=kind, livemode=livemode)
        found = places(queries.shown(organization.id), "acme")
        assert found.at_stripe(account, "in_1") == url
        assert found.at_stripe(UUID(int=1), "in_1") == ""
