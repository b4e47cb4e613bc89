from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import Job, Organization
from accounts.tenancy import tenant
from billing_sync import mirror, models
from billing_sync.mirror import Sighting
from billing_sync.models import Connection, DirtyCustomer
from billing_sync.resource import Resource
from billing_sync.resources import (
    CHARGES,
    COUPONS,
    CUSTOMERS,
    INVOICE_PAYMENTS,
    INVOICES,
    PRICES,
    PRODUCTS,
    REFUNDS,
    SUBSCRIPTIONS,
)
from tests.billing_sync.accounts import payloads, rows

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
VERSION = "2026-10-28.endive"


@pytest.fixture
def connection(organization: Organization) -> Connection:
    """Give a connection whose first import is over."""
    with tenant(organization.id):
        return Connection.objects.create(
            organization_id=organization.id,
            id=uuid4(),
            kind=Connection.Kind.RESTRICTED_KEY,
            state=Connection.State.LIVE,
            imported_at=AT,
        )


def seen(connection: Connection, resource: Resource, *values: dict[str, Any], minutes: int = 0) -> list[str]:
    with tenant(connection.organization_id):
        at = AT + timedelta(minutes=minutes)
        return mirror.store(connection, resource, [Sighting(value, at, VERSION) for value in values])


def marked(organization: Organization) -> set[str]:
    found = {customer for (customer,) in rows(organization, DirtyCustomer, "customer_id")}
    with tenant(organization.id):
        DirtyCustomer.objects.all().delete()
    return found


def test_the_newer_sighting_stays(organization: Organization, connection: Connection) -> None:
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "new"}, minutes=5)
    assert seen(connection, PRODUCTS, {"id": "prod_1", "name": "old"}, minutes=4) == []
    assert rows(organization, models.Product, "name") == [("new",)]
    assert seen(connection, PRODUCTS, {"id": "prod_1", "name": "newest"}, minutes=6) == ["prod_1"]
    assert rows(organization, models.Product, "name") == [("newest",)]


def test_the_same_again_is_no_change(organization: Organization, connection: Connection) -> None:
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "a", "active": True})
    assert seen(connection, PRODUCTS, {"active": True, "name": "a", "id": "prod_1"}, minutes=1) == []


def test_one_object_twice_on_a_page_is_stored_once(
    organization: Organization, connection: Connection
) -> None:
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "first"}, {"id": "prod_1", "name": "last"})
    assert rows(organization, models.Product, "name") == [("last",)]


def test_thousands_at_once_are_stored(organization: Organization, connection: Connection) -> None:
    many = [{"id": f"prod_{number}", "name": "🦊" * 40} for number in range(2_345)]
    assert len(seen(connection, PRODUCTS, *many)) == 2_345
    assert len(payloads(organization, models.Product)) == 2_345


def test_a_tombstone_keeps_the_payload_and_gives_way_to_a_newer_sighting(
    organization: Organization, connection: Connection
) -> None:
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "a"})
    with tenant(organization.id):
        gone = AT + timedelta(minutes=5)
        assert mirror.tombstone(connection, PRODUCTS, ["prod_1", "prod_2"], gone) == ["prod_1"]
    assert payloads(organization, models.Product)["prod_1"] == {"id": "prod_1", "name": "a"}
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "a"}, minutes=4)
    assert rows(organization, models.Product, "deleted_at") == [(gone,)]
    seen(connection, PRODUCTS, {"id": "prod_1", "name": "a"}, minutes=6)
    assert rows(organization, models.Product, "deleted_at") == [(None,)]


def test_a_payers_new_name_is_kept_and_an_older_one_is_not(
    organization: Organization, connection: Connection
) -> None:
    seen(connection, CUSTOMERS, {"id": "cus_1", "name": "Ada"}, minutes=1)
    seen(connection, CUSTOMERS, {"id": "cus_1", "name": "ADA L"}, minutes=3)
    seen(connection, CUSTOMERS, {"id": "cus_1", "name": "Ida"}, minutes=2)
    assert rows(organization, models.Payer, "name", "name_lower") == [("ADA L", "ada l")]


def test_a_name_of_any_length_is_stored(organization: Organization, connection: Connection) -> None:
    seen(connection, CUSTOMERS, {"id": "cus_1", "name": "ß" * 9_000, "email": "\x00x"})
    ((name, email),) = rows(organization, models.Payer, "name", "email")
    assert (len(name), email) == (255, "\ufffdx")


@pytest.mark.parametrize(
    ("resource", "value"),
    [
        (CUSTOMERS, {"id": "cus_1"}),
        (SUBSCRIPTIONS, {"id": "sub_2", "customer": "cus_1"}),
        (INVOICES, {"id": "in_2", "customer": {"id": "cus_1", "object": "customer"}}),
        (CHARGES, {"id": "ch_2", "customer": "cus_1"}),
        (INVOICE_PAYMENTS, {"id": "inpay_1", "invoice": "in_1"}),
        (REFUNDS, {"id": "re_1", "charge": "ch_1"}),
        (PRICES, {"id": "price_1"}),
        (COUPONS, {"id": "coupon_1"}),
    ],
)
def test_a_change_marks_the_customers_it_touches(
    organization: Organization, connection: Connection, resource: Resource, value: dict[str, Any]
) -> None:
    items = {"data": [{"id": "si_1", "price": {"id": "price_1"}}]}
    discounts = [{"id": "di_1", "source": {"coupon": "coupon_1"}}]
    seen(
        connection,
        SUBSCRIPTIONS,
        {"id": "sub_1", "customer": "cus_1", "items": items, "discounts": discounts},
    )
    seen(connection, SUBSCRIPTIONS, {"id": "sub_9", "customer": "cus_9"})
    seen(connection, INVOICES, {"id": "in_1", "customer": "cus_1"}, {"id": "in_9", "customer": "cus_9"})
    seen(connection, CHARGES, {"id": "ch_1", "customer": "cus_1"})
    marked(organization)
    seen(connection, resource, value)
    assert marked(organization) == {"cus_1"}
    seen(connection, resource, value, minutes=1)
    assert marked(organization) == set()


def test_a_mark_asks_for_new_numbers(organization: Organization, connection: Connection) -> None:
    seen(connection, SUBSCRIPTIONS, {"id": "sub_1", "customer": "cus_1"})
    assert Job.objects.filter(organization=organization, kind="recompute", state=Job.State.QUEUED).exists()


def test_a_customer_marked_again_carries_another_mark(
    organization: Organization, connection: Connection
) -> None:
    seen(connection, SUBSCRIPTIONS, {"id": "sub_1", "customer": "cus_1"})
    first = rows(organization, DirtyCustomer, "marked")
    seen(connection, SUBSCRIPTIONS, {"id": "sub_1", "customer": "cus_1", "status": "active"}, minutes=1)
    assert rows(organization, DirtyCustomer, "marked") != first


def test_nobody_is_marked_before_the_first_import_is_over(
    organization: Organization, connection: Connection
) -> None:
    connection.imported_at = None
    seen(connection, SUBSCRIPTIONS, {"id": "sub_1", "customer": "cus_1"})
    assert marked(organization) == set()


def test_a_card_that_came_with_its_customer_is_kept_by_its_expiry(
    organization: Organization, connection: Connection
) -> None:
    card = {
        "id": "pm_1",
        "object": "payment_method",
        "customer": "cus_1",
        "card": {"exp_month": 4, "exp_year": 2031, "last4": "4242", "fingerprint": "F"},
        "billing_details": {"name": "Ada"},
    }
    seen(connection, CUSTOMERS, {"id": "cus_1", "invoice_settings": {"default_payment_method": card}})
    found = rows(organization, models.PaymentMethod, "stripe_id", "customer_id", "exp_month", "exp_year")
    assert found == [("pm_1", "cus_1", 4, 2031)]
    assert payloads(organization, models.PaymentMethod)["pm_1"]["card"] == {"exp_month": 4, "exp_year": 2031}
    settings = payloads(organization, models.Customer)["cus_1"]["invoice_settings"]
    assert settings == {"default_payment_method": "pm_1"}


def test_an_amount_larger_than_a_column_is_set_aside(
    organization: Organization, connection: Connection
) -> None:
    seen(connection, INVOICES, {"id": "in_1", "total": 2**63 - 1}, {"id": "in_2", "total": 2**63})
    assert rows(organization, models.Invoice, "total_minor") == [(2**63 - 1,)]
    assert rows(organization, models.SetAside, "stripe_id", "reason") == [("in_2", "total is too large.")]


def test_an_object_nested_without_end_is_set_aside(
    organization: Organization, connection: Connection
) -> None:
    deep: dict[str, Any] = {"id": "in_deep"}
    for _ in range(5_000):
        deep = {"id": "in_deep", "x": deep}
    seen(connection, INVOICES, deep, {"id": "in_flat"})
    assert payloads(organization, models.Invoice).keys() == {"in_flat"}
    assert rows(organization, models.SetAside, "stripe_id") == [("in_deep",)]
