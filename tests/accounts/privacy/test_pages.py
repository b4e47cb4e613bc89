"""The pages of privacy: who may, what has to be typed, and what they then say."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts import audit, jobs
from accounts.models import AuditEntry, Organization, Role, User
from accounts.privacy import retention
from accounts.privacy.models import Archive
from accounts.tenancy import tenant
from billing_sync import erasing
from billing_sync.models import Invoice, Payer
from billing_sync.payload import write_payload
from config.clock import set_now
from dashboards.activity import WORDS
from metrics.models import CurrentBuild
from tests.billing_sync.accounts import connection_of
from tests.cast import PASSWORD, Person, member, recently
from tests.dashboards.revenue import revenue
from tests.environment import PROJECT

PAGE = "/o/acme/privacy/"
ERASURE = f"{PAGE}erasure?customer=cus_ada"
ACTION = re.compile(r'record\(\s*"([a-z_]+\.[a-z_]+)"|, "(webhook\.[a-z_]+)"\)')
ROOMS = ("accounts", "billing_sync", "metrics", "dashboards")


@pytest.fixture
def ada(organization: Organization) -> str:
    with tenant(organization.id):
        for customer in ("cus_ada", "cus_twin"):
            Payer.objects.create(
                organization=organization,
                connection_id=uuid4(),
                customer_id=customer,
                name="Ada Lovelace",
                email="ada@example.com",
                fields=write_payload({}),
                fetched_at=timezone.now(),
            )
    return "cus_ada"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.headers.get("Location")
    return " ".join(response.content.decode().split())


def test_a_customer_is_erased_by_typing_her_id(organization: Organization, ada: str) -> None:
    admin = recently(member("admin@acme.example", organization, Role.ADMIN))
    shown = text(admin.client, ERASURE)
    assert "Ada Lovelace" in shown
    assert "?customer=cus_twin" in shown
    wrong = admin.client.post(ERASURE, {"typed": "cus_Ada"})
    assert wrong.status_code == 422
    assert "Nothing was deleted" in wrong.content.decode()
    done = admin.client.post(ERASURE, {"typed": " cus_ada "}, follow=True)
    assert "No number has changed" in done.content.decode()
    with tenant(organization.id):
        assert Payer.objects.get(customer_id=ada).name == ""
        assert Payer.objects.get(customer_id="cus_twin").name == "Ada Lovelace"
        entry = AuditEntry.objects.get(action="payer.erased")
        assert (entry.actor, entry.subject) == (admin.user, ada)
    assert "erased before" in text(admin.client, ERASURE)


def test_a_customer_whom_no_account_has_is_refused(organization: Organization, owner: Person) -> None:
    recently(owner)
    assert "No account here has a customer" in text(owner.client, ERASURE, 404)
    assert "Type the id of a customer" in text(owner.client, f"{PAGE}erasure", 400)


def test_a_member_may_not_erase(organization: Organization, ada: str) -> None:
    somebody = recently(member("member@acme.example", organization, Role.MEMBER))
    assert somebody.client.post(ERASURE, {"typed": ada}).status_code == 403
    assert "Erase a customer" not in text(somebody.client, PAGE)
    with tenant(organization.id):
        assert not erasing.is_erased(organization.id, ada)


def test_how_long_things_are_kept_is_chosen_by_admins(owner: Person, teammate: Person) -> None:
    assert "For ever" in text(teammate.client, PAGE)
    refused = owner.client.post(f"{PAGE}retention", {"activity": "30"})
    assert refused.status_code == 422
    assert "greater than or equal to 365" in refused.content.decode()
    owner.client.post(f"{PAGE}retention", {"activity": "400", "uploads": "", "mails": "1000"})
    shown = text(teammate.client, PAGE)
    assert "400 days" in shown
    assert "1,000 days" in shown


def test_an_archive_is_taken_away_by_who_asked_for_it(organization: Organization, owner: Person) -> None:
    second = recently(member("second@acme.example", organization, Role.OWNER))
    recently(owner)
    owner.client.post(f"{PAGE}archives/")
    assert "It is being made" in text(owner.client, f"{PAGE}archives/")
    jobs.run_until_idle(organization.id)
    address = re.findall(r'href="(/o/acme/privacy/archives/[^"]+)"', text(owner.client, f"{PAGE}archives/"))[
        0
    ]
    response = owner.client.get(address)
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:  # type: ignore[attr-defined]
        assert "manifest.json" in archive.namelist()
    assert "no-store" in response["Cache-Control"]
    assert second.client.get(address).status_code == 404
    with tenant(organization.id):
        assert AuditEntry.objects.get(action="organization.exported").actor == owner.user
    with set_now(timezone.now() + timedelta(days=1, hours=1)):
        recently(owner)
        assert owner.client.get(address).status_code == 404
        retention.purge(organization.id, "")
    with tenant(organization.id):
        assert not Archive.objects.exists()


def test_an_organization_is_deleted_by_typing_its_name(organization: Organization, owner: Person) -> None:
    recently(owner)
    assert owner.client.post(f"{PAGE}deletion", {"typed": "acme"}).status_code == 422
    done = owner.client.post(f"{PAGE}deletion", {"typed": "Acme"}, follow=True)
    assert "Acme is being deleted" in done.content.decode()
    jobs.run_until_idle(None)
    assert not Organization.objects.filter(id=organization.id).exists()


def test_an_admin_may_not_take_everything_or_delete_it(organization: Organization) -> None:
    admin = recently(member("admin@acme.example", organization, Role.ADMIN))
    for name in ("archives/", "deletion", "activity"):
        assert admin.client.get(PAGE + name).status_code == 403


def test_the_log_is_read_page_by_page(organization: Organization, owner: Person) -> None:
    with tenant(organization.id):
        for number in range(120):
            audit.record("upload.received", actor=owner.user, subject=f"deed-{number:03}", name="a.csv")
        AuditEntry.objects.create(
            organization=organization, at=timezone.now(), actor=None, action="retention.purged"
        )
    seen: list[str] = []
    address, pages = f"{PAGE}activity", 0
    while address:
        shown, pages = text(owner.client, address), pages + 1
        seen += re.findall(r"<code>(deed-\d+)</code>", shown)
        older = re.search(r'href="(\?[^"]+)" rel="next"', shown)
        address = f"{PAGE}activity{older[1]}" if older else ""
    assert seen == [f"deed-{number:03}" for number in range(119, -1, -1)]
    assert pages == 3
    newest = text(owner.client, f"{PAGE}activity")
    assert "Uploaded a file of another tool" in newest
    assert "Millrace" in newest
    assert "names no place in the log" in text(owner.client, f"{PAGE}activity?before=never", 400)


def test_who_saw_what_sellers_wrote_is_logged(
    organization: Organization, owner: Person, teammate: Person
) -> None:
    revenue(organization)
    connection = connection_of(organization)
    with tenant(organization.id):
        CurrentBuild.objects.update(connection_ids=[connection.id])
    for identity, words in (("in_told", "For Ada"), ("in_plain", "")):
        invoice = {"lines": {"data": [{"id": "il_1", "object": "line_item", "description": words}]}}
        with tenant(organization.id):
            Invoice.objects.create(
                organization=organization,
                connection_id=connection.id,
                stripe_id=identity,
                payload=write_payload({"id": identity, "object": "invoice", **invoice}),
                fetched_at=timezone.now(),
            )
        for person in (owner, teammate):
            person.client.get(f"/o/acme/objects/{connection.id}/{identity}/")
    with tenant(organization.id):
        seen = AuditEntry.objects.filter(action="object.seen")
        assert list(seen.values_list("actor_id", "subject")) == [(owner.user.id, "in_told")]


def test_every_deed_has_words() -> None:
    sources = (file.read_text() for room in ROOMS for file in Path(PROJECT, room).rglob("*.py"))
    recorded = {name or other for source in sources for name, other in ACTION.findall(source)}
    assert recorded >= {"payer.erased", "webhook.removed", "month.closed"}
    assert sorted(recorded - WORDS.keys()) == []


def test_an_account_is_deleted_by_typing_its_address(organization: Organization, owner: Person) -> None:
    page = "/account/deletion"
    recently(owner)
    assert "You are the only owner" in text(owner.client, page)
    assert owner.client.post(page, {"typed": owner.email}).status_code == 409
    member("second@acme.example", organization, Role.OWNER)
    assert owner.client.post(page, {"typed": "someone"}).status_code == 422
    done = owner.client.post(page, {"typed": owner.email}, follow=True)
    assert "Your account is deleted" in done.content.decode()
    assert not User.objects.filter(email=owner.email).exists()
    back = Client().post("/accounts/login/", {"login": "owner@acme.example", "password": PASSWORD})
    assert back.status_code == 200
