"""One payer is planted everywhere, erased, and told again by every road: nothing of her is found."""

import csv
import io
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

import billing_sync.privacy
import dashboards.privacy
import metrics.privacy
from accounts.mail_files import FileBackend
from accounts.models import Organization, Outbox
from accounts.privacy import ledger
from accounts.privacy.places import payer_digest
from accounts.tenancy import tenant
from billing_sync import erasing, mirror
from billing_sync.archive import import_events
from billing_sync.digest import digest
from billing_sync.mirror import Sighting
from billing_sync.mirror.erased import DESCRIBED
from billing_sync.models import Connection, Erasure, Event, Payer, SetAside, WebhookDelivery
from billing_sync.payload import write_payload
from billing_sync.resources import CUSTOMERS
from billing_sync.sandbox.company import Company, generate
from billing_sync.sandbox.control import archive
from billing_sync.syncing import reconcile, sync
from config.clock import set_now
from dashboards.models import CustomerNote, Export, ExportPiece
from metrics.bridge.models import Upload, UploadedAmount
from tests.accounts.privacy.searching import keys_with, tables_with
from tests.billing_sync.accounts import NOW, altered, connected, connection_of
from tests.cast import Person

CANARY = "zq7canary"
NAME, EMAIL = f"Ada {CANARY}", f"ada.{CANARY}@example.com"
PHONE, STREET = f"+33 6 {CANARY}", f"1 rue {CANARY}"
PERSONAL = {
    "name": NAME,
    "email": EMAIL,
    "phone": PHONE,
    "address": {"line1": STREET, "city": "Lyon"},
    "shipping": {"name": NAME, "address": {"line1": STREET}},
    "metadata": {"crm": f"{NAME} of {CANARY}"},
}
PLACES = {
    *(place.table for room in (billing_sync, metrics, dashboards) for place in room.privacy.PLACES),
    *(resource.table for resource in DESCRIBED),
    "accounts_outbox",
}
CSV = (
    "Client,e-mail,phone,month,mrr\n"
    f"{NAME},{EMAIL},{PHONE},2026-10,49.00\n"
    f"Bob,b@b.example,{PHONE},2026-10,9\n"
)


@pytest.fixture
def company() -> Company:
    return generate(seed=7, size=6, now=NOW)


@pytest.fixture
def hers(company: Company) -> str:
    """Give the id of a payer whose objects name her wherever Stripe's could."""
    customer = sorted({one.customer for one in company.book.all("subscription")})[0]
    company.oddities[customer] = PERSONAL
    for invoice in company.book.all("invoice"):
        if invoice.customer == customer:
            company.oddities[invoice.id] = {"customer_name": NAME, "customer_email": EMAIL}
    for item in company.book.all("invoiceitem"):
        if item.customer == customer:
            company.oddities[item.id] = {"description": f"One day for {NAME}"}
    return str(customer)


@pytest.fixture
def base_url(company: Company) -> Iterator[str]:
    with altered(company, {}) as (served, _asked):
        yield served


def figures(organization: Organization) -> dict[str, str]:
    """Return the digests of the metrics' tables."""
    return {
        table: value
        for table, value in digest(organization.id)
        if table.startswith("metrics_") and "uploaded" not in table
    }


def plant(organization: Organization, customer: str) -> None:
    """Name her in everything that people and other tools write."""
    connection_id = connection_of(organization).id
    mine: dict[str, Any] = {"organization_id": organization.id}
    with tenant(organization.id):
        notes = {"connection_id": connection_id, "at": timezone.now()}
        CustomerNote.objects.create(**mine, **notes, customer_id=customer, text="Likes tea.")
        CustomerNote.objects.create(**mine, **notes, customer_id="cus_other", text=f"A friend of {NAME}!")
        upload = Upload.objects.create(
            **mine, name=f"{NAME}.csv", content=CSV.encode(), created_at=timezone.now()
        )
        for name, amount in ((EMAIL, 3), (NAME, 4), ("Bob", 9)):
            UploadedAmount.objects.create(
                **mine,
                upload_id=upload.id,
                month=NOW.date(),
                currency="usd",
                customer=name,
                amount_micro=amount,
            )
        Outbox.objects.create(**mine, kind="alert", key="k", message=f"Dear {NAME}".encode())
        export = Export.objects.create(
            **mine,
            table="customers",
            format="csv",
            personal=True,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        )
        ExportPiece.objects.create(**mine, export_id=export.id, position=0, content=f"x,{NAME}".encode())
        named = {"object": "invoice", "customer": customer, **PERSONAL}
        WebhookDelivery.objects.create(
            **mine,
            connection_id=connection_id,
            event_id="evt_waits",
            received_at=timezone.now(),
            body=msgspec.json.encode({"id": "evt_waits", "data": {"object": named}}),
        )
    FileBackend().send_messages([EmailMessage("Moved", f"{NAME} upgraded.", to=["owner@acme.example"])])


def described(part: Any) -> Any:
    """Return a part of an event with the canary in the description of every invoice line."""
    if isinstance(part, list):
        return [described(one) for one in part]
    if not isinstance(part, dict):
        return part
    own = {"description": CANARY} if part.get("object") == "line_item" else {}
    return {key: described(value) for key, value in part.items()} | own


def erase(organization: Organization, customer: str, by: Person) -> dict[str, int]:
    with tenant(organization.id):
        return erasing.erase(organization.id, customer, by=by.user)


def test_an_erased_payer_is_found_nowhere_and_no_number_moves(
    organization: Organization, owner: Person, hers: str, base_url: str, tmp_path: Path
) -> None:
    with set_now(NOW):
        connected(organization, base_url)
    plant(organization, hers)
    before = figures(organization)
    planted = tables_with(CANARY)
    assert len(planted) >= 7
    assert planted <= PLACES, "Name the place in the app's privacy.py."
    erase(organization, hers, owner)
    assert tables_with(CANARY) == set()
    assert keys_with(CANARY) == []
    assert not [file for file in tmp_path.rglob("*.eml") if CANARY.encode() in file.read_bytes()]
    assert figures(organization) == before
    with tenant(organization.id):
        assert UploadedAmount.objects.get(customer=hers).amount_micro == 7
        lines = list(csv.reader(io.StringIO(bytes(Upload.objects.get().content).decode())))
        assert lines[1:] == [[hers, "", "", "2026-10", "49.00"], ["Bob", "b@b.example", "", "2026-10", "9"]]
        assert CustomerNote.objects.get().text == f"A friend of {hers}!"
    # Told again by the lists, by a comparison object by object, and by events that are given anew.
    with set_now(NOW + timedelta(days=1)):
        sync(organization.id)
        with tenant(organization.id):
            Payer.objects.update(fetched_at=NOW - timedelta(days=1))
            Event.objects.filter(customer_id=hers).delete()
        reconcile(organization.id, "weekly")
        sync(organization.id)
    assert tables_with(CANARY) == set()
    assert figures(organization) == before


def test_a_page_that_is_being_written_meanwhile_does_not_bring_her_back(
    organization: Organization, owner: Person
) -> None:
    with tenant(organization.id):
        connection = Connection.objects.create(organization=organization, kind="restricted_key")
    written, told = threading.Event(), Sighting({"id": "cus_1", "object": "customer", **PERSONAL}, NOW, "v")

    def write() -> None:
        with tenant(organization.id):
            mirror.store(connection, CUSTOMERS, [told])
            written.set()
            waited_for()
        database.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    erase(organization, "cus_1", owner)
    writer.join()
    assert tables_with(CANARY) == set()


def waited_for() -> None:
    """Return once somebody waits for a lock of this transaction's."""
    for _ in range(500):
        with database.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("The erasure did not wait for the page.")


def test_an_archive_does_not_bring_an_erased_payer_back(
    organization: Organization, owner: Person, hers: str, company: Company
) -> None:
    lines = [msgspec.json.encode(described(msgspec.json.decode(line))) for line in archive(company)]
    import_events(organization.id, lines)
    assert "billing_sync_event" in tables_with(CANARY)
    with tenant(organization.id):
        everybody = list(Payer.objects.values_list("customer_id", flat=True))
    for customer in everybody:
        erase(organization, customer, owner)
    assert tables_with(CANARY) == set()
    before = figures(organization)
    import_events(organization.id, lines)
    assert tables_with(CANARY) == set()
    assert figures(organization) == before


def test_the_words_of_another_payer_stay_hers(organization: Organization, owner: Person) -> None:
    mine = {"organization_id": organization.id, "fields": write_payload({}), "fetched_at": timezone.now()}
    connection_id = "00000000-0000-0000-0000-000000000001"
    with tenant(organization.id):
        for customer, email in (("cus_1", "ada@example.com"), ("cus_2", "other@example.com")):
            Payer.objects.create(
                **mine, connection_id=connection_id, customer_id=customer, name="Ada Lovelace", email=email
            )
        CustomerNote.objects.create(
            organization_id=organization.id,
            connection_id=connection_id,
            customer_id="cus_2",
            text="Ada Lovelace, not ada@example.com or Mada@example.community",
            at=timezone.now(),
        )
    erase(organization, "cus_1", owner)
    with tenant(organization.id):
        assert CustomerNote.objects.get().text == "Ada Lovelace, not cus_1 or Mada@example.community"
        assert Payer.objects.get(customer_id="cus_2").name == "Ada Lovelace"


def test_an_erasure_is_noted_without_naming_anybody(organization: Organization, owner: Person) -> None:
    erase(organization, "cus_gone", owner)
    with tenant(organization.id):
        assert bytes(Erasure.objects.get().digest) == payer_digest(organization.id, "cus_gone")
    assert ledger.write(None, "") is not None
    ledger.write(None, "")
    (line,) = ledger.path().read_text().splitlines()
    assert "cus_gone" not in line
    assert ledger.read(ledger.path()) == set(ledger.lines())


def test_the_command_erases_whom_an_account_has(
    organization: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="Add --unseen") as refused:
        call_command("erase_payer", "acme", "cus_1")
    assert refused.value.returncode == 2
    call_command("erase_payer", "acme", "cus_1", "--unseen")
    assert "payer 0\n" in capsys.readouterr().out
    with tenant(organization.id):
        assert erasing.is_erased(organization.id, "cus_1")


def test_what_was_set_aside_loses_its_descriptions(organization: Organization, owner: Person) -> None:
    line = {"id": "il_1", "object": "line_item", "description": f"For {NAME}"}
    with tenant(organization.id):
        SetAside.objects.create(
            organization=organization,
            connection_id="00000000-0000-0000-0000-000000000001",
            resource="invoices",
            stripe_id="in_1",
            reason="x",
            payload=write_payload({"id": "in_1", "object": "invoice", "lines": {"data": [line]}}),
            seen_at=timezone.now(),
        )
    erase(organization, "cus_1", owner)
    assert tables_with(CANARY) == set()
