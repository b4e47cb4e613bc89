"""Connecting an account: who may, what a pasted key is told, and that it never comes back."""

import re

import pytest
from django.test import Client

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Connection
from tests.cast import Person, member
from tests.dashboards.revenue import NOW, connect, reading

LIST, NEW = "/o/acme/connections/", "/o/acme/connections/new"
KEY = "rk_test_51NobodyElseKnowsThis"


def test_without_a_connection_the_list_leads_to_one(owner: Person) -> None:
    html = owner.client.get(LIST).content.decode()
    assert "No account is connected yet" in html
    assert f'href="{NEW}"' in html


def test_a_viewer_sees_the_connections_and_no_way_to_add_one(
    teammate: Person, organization: Organization
) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    html = teammate.client.get(LIST).content.decode()
    assert "Acme SAS" in html
    assert "acct_1" in html
    assert NEW not in html


def test_a_test_account_is_marked(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, livemode=False)
    assert "Test mode" in owner.client.get(LIST).content.decode()


def test_an_import_is_followed_resource_by_resource(owner: Person, organization: Organization) -> None:
    connection = connect(organization, Connection.State.IMPORTING)
    reading(organization, connection, "invoices", 12_400)
    html = owner.client.get(LIST).content.decode()
    assert "12,400" in html
    assert 'hx-trigger="every 1s"' in html


def test_a_list_at_rest_does_not_ask_again(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW)
    assert "hx-trigger" not in owner.client.get(LIST).content.decode()


def test_a_refused_key_says_why_and_what_to_add(owner: Person, organization: Organization) -> None:
    lacking = {"invoices": {"state": "missing", "permission": "rak_invoice_read"}}
    connect(organization, Connection.State.REFUSED, error="It may not read invoices.", permissions=lacking)
    html = owner.client.get(LIST).content.decode()
    assert "It may not read invoices." in html
    assert "rak_invoice_read" in html


def test_htmx_gets_the_list_alone(owner: Person) -> None:
    html = owner.client.get(LIST, headers={"HX-Request": "true"}).content.decode()
    assert 'id="connections"' in html
    assert "<html" not in html


def test_the_page_lists_each_permission_once(owner: Person) -> None:
    html = owner.client.get(NEW).content.decode()
    listed = re.search(r'<ul class="permission-list">(.*?)</ul>', html, re.DOTALL)
    assert listed
    names = [" ".join(name.split()) for name in re.findall(r"<li>(.*?)</li>", listed[1], re.DOTALL)]
    assert len(names) == len(set(names)) > 10


def test_a_key_is_stored_encrypted_and_leads_to_the_dashboard(
    owner: Person, organization: Organization
) -> None:
    response = owner.client.post(NEW, {"api_key": f"  {KEY}\n"})
    assert response.status_code == 302
    assert response["Location"] == "/o/acme/"
    with tenant(organization.id):
        (connection,) = Connection.objects.all()
    assert connection.state == Connection.State.CHECKING
    assert KEY.encode() not in bytes(connection.key_encrypted)


def test_the_next_page_follows_the_check_and_warns_about_write_permissions(owner: Person) -> None:
    html = owner.client.post(NEW, {"api_key": KEY}, follow=True).content.decode()
    assert "Checking the key" in html
    assert "Stripe does not tell" in html
    assert KEY not in html


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "Paste the restricted key"),
        ("   ", "Paste the restricted key"),
        ("pk_live_51Something", "publishable key"),
        ("whsec_something", "secret of a webhook"),
        ("sk_live_51Something", "restricted key with read permissions"),
        ("hello", "not a key of Stripe"),
        ("rk_test_" + "x" * 300, "255"),
        ("rk_test_😀😀😀😀😀😀😀😀", "not a key of Stripe"),
    ],
)
def test_a_key_of_no_use_is_refused_with_the_reason(
    owner: Person, organization: Organization, key: str, words: str
) -> None:
    response = owner.client.post(NEW, {"api_key": key})
    assert response.status_code == 400
    assert words in response.content.decode()
    with tenant(organization.id):
        assert not Connection.objects.exists()


def test_a_refused_key_is_not_sent_back(owner: Person) -> None:
    html = owner.client.post(NEW, {"api_key": "sk_live_51NobodyElseKnowsThis"}).content.decode()
    assert "NobodyElseKnowsThis" not in html


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_owners_and_admins_may_connect(organization: Organization, role: Role) -> None:
    somebody = member("somebody@acme.example", organization, role)
    for response in (somebody.client.get(NEW), somebody.client.post(NEW, {"api_key": KEY})):
        assert response.status_code == 403
        assert "Your role in this organization does not allow this." in response.content.decode()
    with tenant(organization.id):
        assert not Connection.objects.exists()


def test_an_admin_may_connect(organization: Organization) -> None:
    admin = member("admin@acme.example", organization, Role.ADMIN)
    assert admin.client.post(NEW, {"api_key": KEY}).status_code == 302


@pytest.mark.parametrize("url", [LIST, NEW])
def test_strangers_and_other_owners_find_nothing(
    stranger: Person, other_owner: Person, organization: Organization, url: str
) -> None:
    assert stranger.client.get(url).status_code == 404
    assert other_owner.client.get(url).status_code == 404
    assert other_owner.client.post(url, {"api_key": KEY}).status_code == 404


@pytest.mark.parametrize("url", [LIST, NEW])
def test_a_visitor_is_asked_to_sign_in(client: Client, organization: Organization, url: str) -> None:
    assert client.get(url)["Location"].startswith("/accounts/login/")


def test_another_organizations_connections_are_not_listed(
    other_owner: Person, owner: Person, organization: Organization
) -> None:
    connect(organization, Connection.State.LIVE, account_name="Secret of Acme")
    assert "Secret of Acme" not in other_owner.client.get("/o/umbrella/connections/").content.decode()
