import json
from typing import Any

import pytest
from django.apps import apps
from django.db.models import BinaryField

from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync.models import Customer, Event, Invoice, Payer
from billing_sync.payload import read_payload
from billing_sync.personal import event_without_personal, personal_fields, without_personal
from billing_sync.sandbox.company import Company, generate
from tests.billing_sync.accounts import NOW, altered, connected, payloads, rows

CANARY = "canary-7f3a"
PLANTED: dict[str, dict[str, Any]] = {
    "customer": {
        "name": f"{CANARY} name",
        "email": f"{CANARY}@example.com",
        "phone": CANARY,
        "description": CANARY,
        "address": {"line1": CANARY, "city": CANARY},
        "shipping": {"name": CANARY, "address": {"line1": CANARY}},
        "metadata": {"crm": CANARY},
    },
    "invoice": {
        "customer_name": CANARY,
        "customer_email": CANARY,
        "customer_phone": CANARY,
        "customer_address": {"line1": CANARY},
        "customer_tax_ids": [{"type": "eu_vat", "value": CANARY}],
        "hosted_invoice_url": f"https://invoice.example/{CANARY}",
        "invoice_pdf": f"https://invoice.example/{CANARY}/pdf",
        "description": CANARY,
        "footer": CANARY,
        "custom_fields": [{"name": "PO", "value": CANARY}],
        "metadata": {"note": CANARY},
    },
    "charge": {
        "billing_details": {"name": CANARY, "email": CANARY, "address": {"line1": CANARY}},
        "payment_method_details": {"card": {"last4": CANARY, "wallet": {"dynamic_last4": CANARY}}},
        "receipt_email": CANARY,
        "receipt_url": f"https://pay.example/{CANARY}",
        "source": {"object": "card", "id": "card_1", "name": CANARY, "address_line1": CANARY},
        "shipping": {"name": CANARY},
        "description": CANARY,
        "metadata": {"note": CANARY},
    },
    "subscription": {"description": CANARY, "metadata": {"user": CANARY}},
    "payment_intent": {"receipt_email": CANARY, "shipping": {"name": CANARY}},
}


def planted(company: Company) -> None:
    for kind, fields in PLANTED.items():
        for one in company.book.all(kind):
            company.oddities[one.id] = fields


def every_blob(organization: Organization) -> list[tuple[str, str]]:
    """Return (table, content) of every binary column of this app that holds JSON."""
    blobs: list[tuple[str, str]] = []
    with tenant(organization.id):
        for model in apps.get_app_config("billing_sync").get_models():
            names = [field.name for field in model._meta.fields if isinstance(field, BinaryField)]
            for name in (name for name in names if not name.endswith("_encrypted")):
                for (blob,) in model._default_manager.values_list(name):
                    blobs.append((model._meta.db_table, json.dumps(read_payload(blob), default=str)))
    return blobs


def every_word(organization: Organization) -> list[tuple[str, str]]:
    """Return (table, content) of every other column."""
    words = []
    with tenant(organization.id):
        for model in apps.get_app_config("billing_sync").get_models():
            for row in model._default_manager.values():
                words.append((model._meta.db_table, repr(row)))
    return words


def test_personal_data_is_in_payer_alone(organization: Organization) -> None:
    company = generate(seed=7, size=5, now=NOW)
    planted(company)
    with altered(company, {}) as (base_url, _asked):
        connected(organization, base_url)
    found = {table for table, content in every_blob(organization) if CANARY in content}
    found |= {table for table, content in every_word(organization) if CANARY in content}
    assert found == {Payer._meta.db_table}
    names = {name for (name,) in rows(organization, Payer, "name_lower")}
    assert names == {f"{CANARY} name"}


def test_a_payers_names_and_mails_of_the_sandbox_are_in_payer_alone(organization: Organization) -> None:
    company = generate(seed=7, size=5, now=NOW)
    with altered(company, {}) as (base_url, _asked):
        connected(organization, base_url)
    mails = {email for (email,) in rows(organization, Payer, "email")} - {""}
    assert len(mails) == 5
    elsewhere = [content for table, content in every_blob(organization) if table != Payer._meta.db_table]
    assert not [mail for mail in mails if any(mail in content for content in elsewhere)]


def test_what_computing_needs_stays(organization: Organization) -> None:
    company = generate(seed=7, size=5, now=NOW)
    with altered(company, {}) as (base_url, _asked):
        connected(organization, base_url)
    for invoice in payloads(organization, Invoice).values():
        assert all(line["description"] and line["period"] for line in invoice["lines"]["data"])
    assert payloads(organization, Customer)
    for event in payloads(organization, Event).values():
        assert event["data"]["object"]["id"]


@pytest.mark.parametrize(("kind", "fields"), sorted(PLANTED.items()))
def test_an_events_object_and_its_former_values_lose_personal_data(kind: str, fields: dict[str, Any]) -> None:
    named = {"id": "x_1", "object": kind, "customer": "cus_1", **fields}
    event = {"id": "evt_1", "type": "x", "data": {"object": named, "previous_attributes": fields}}
    kept = event_without_personal(event)
    assert CANARY not in json.dumps(kept)
    assert kept["data"]["object"]["customer"] == "cus_1"


def test_an_object_that_no_stage_reads_keeps_what_it_names() -> None:
    passport = {
        "id": "vs_1",
        "object": "identity.verification_session",
        "status": "verified",
        "secret": CANARY,
    }
    assert without_personal(passport, "identity.verification_session") == {
        "id": "vs_1",
        "object": "identity.verification_session",
        "status": "verified",
    }


def test_the_catalogue_stays_whole() -> None:
    price = {"id": "price_1", "object": "price", "nickname": "Gold", "metadata": {"tier": "1"}}
    assert without_personal(price, "price") == price


def test_a_customers_metadata_goes_to_its_payer() -> None:
    customer = {"id": "cus_1", "object": "customer", "metadata": {"channel": "ads"}, "phone": None}
    assert personal_fields(customer) == {"metadata": {"channel": "ads"}}
