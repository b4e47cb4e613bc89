"""What could not be used is listed on the page of connections, with its reason and what it means."""

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection, SetAside
from dashboards.set_aside import RULES
from metrics.models import UnusedFact
from tests.cast import Person
from tests.dashboards.revenue import NOW, connect

LIST = "/o/acme/connections/"


def unread(connection: Connection, resource: str, stripe_id: str, reason: str) -> None:
    with tenant(connection.organization_id):
        SetAside.objects.create(
            organization_id=connection.organization_id,
            connection_id=connection.id,
            resource=resource,
            stripe_id=stripe_id,
            reason=reason,
            seen_at=NOW,
        )


def unused(connection: Connection, object_id: str, rule: str, *customers: str) -> None:
    with tenant(connection.organization_id):
        for customer in customers or ("cus_1",):
            UnusedFact.objects.create(
                organization_id=connection.organization_id,
                connection_id=connection.id,
                customer_id=customer,
                object_id=object_id,
                rule=rule,
            )


def rows(client: Client) -> dict[str, str]:
    """Return the text of each row by the object it is about."""
    page = client.get(LIST).content.decode()
    found = re.findall(r'<th scope="row">\s*<code>(.*?)</code>(.*?)</tr>', page, re.DOTALL)
    return {name: html.unescape(" ".join(re.sub(r"<.*?>", " ", text).split())) for name, text in found}


@pytest.fixture
def connection(organization: Organization) -> Connection:
    return connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)


def test_nothing_set_aside_shows_no_list(owner: Person, connection: Connection) -> None:
    assert "set-aside" not in owner.client.get(LIST).content.decode()


def test_an_object_that_could_not_be_read_is_listed_with_its_reason(
    owner: Person, connection: Connection
) -> None:
    unread(connection, "invoices", "in_bad", "customer is not an id.")
    assert rows(owner.client) == {
        "in_bad": "Invoices customer is not an id. It is left out, and tried again when it changes."
    }


def test_a_coupon_of_another_currency_is_listed(owner: Person, connection: Connection) -> None:
    unused(connection, "di_1", "coupon_of_another_currency")
    assert rows(owner.client)["di_1"] == (
        "Discount · 1 customer Its coupon takes off an amount in another currency. "
        "The discount takes nothing off."
    )


def test_a_price_without_an_amount_is_listed(owner: Person, connection: Connection) -> None:
    unused(connection, "si_1", "price_without_amount")
    assert rows(owner.client)["si_1"] == (
        "Subscription item · 1 customer Its price does not say an amount in the subscription's currency. "
        "The item counts as 0."
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_history_has_words(owner: Person, connection: Connection, rule: str) -> None:
    unused(connection, "obj_1", rule)
    assert str(RULES[rule].reason) in rows(owner.client)["obj_1"]
    assert str(RULES[rule].meaning) in rows(owner.client)["obj_1"]


def test_a_payload_that_does_not_decode_says_where(owner: Person, connection: Connection) -> None:
    unused(connection, "sub_1", "unreadable: Expected `int`, got `str` - at `$.created`")
    assert "Expected `int`, got `str` - at `$.created`" in rows(owner.client)["sub_1"]


def test_a_rule_without_words_is_still_listed(owner: Person, connection: Connection) -> None:
    unused(connection, "obj_1", "odd_new_rule")
    assert "odd new rule" in rows(owner.client)["obj_1"]


def test_an_object_of_many_customers_is_listed_once(owner: Person, connection: Connection) -> None:
    unused(connection, "price_1", "unknown_price", *(f"cus_{number}" for number in range(37)))
    assert "37 customers" in rows(owner.client)["price_1"]


def test_fifty_are_shown_and_all_are_counted(owner: Person, connection: Connection) -> None:
    for number in range(40):
        unread(connection, "charges", f"ch_{number:02}", "amount is not a whole number.")
        unused(connection, f"di_{number:02}", "unknown_coupon")
    assert len(rows(owner.client)) == 50
    assert "The first 50 of 80" in owner.client.get(LIST).content.decode()


def test_accounts_are_named_where_there_are_several(
    owner: Person, organization: Organization, connection: Connection
) -> None:
    other: Any = connect(organization, Connection.State.LIVE, imported_at=NOW, account_name="Beta")
    unread(other, "invoices", "in_bad", "It has no id.")
    assert "· Beta" in rows(owner.client)["in_bad"]


def test_ids_are_text_and_never_markup(owner: Person, connection: Connection) -> None:
    unread(connection, "events", "<b>bold</b>", "<script>")
    page = owner.client.get(LIST).content.decode()
    assert "<b>bold</b>" not in page
    assert "&lt;script&gt;" in page


def test_another_organizations_objects_are_not_listed(other_owner: Person, connection: Connection) -> None:
    unread(connection, "invoices", "in_of_acme", "It has no id.")
    assert "in_of_acme" not in other_owner.client.get("/o/umbrella/connections/").content.decode()
