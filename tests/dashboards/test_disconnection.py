"""Leaving an account, and giving it another key: who may, what is asked, and what the pages then say."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from accounts import jobs
from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config.clock import set_now
from tests.cast import PASSWORD, Person, member, recently
from tests.dashboards.revenue import NOW, connect, revenue

LIST = "/o/acme/connections/"
KEY = "rk_live_51NobodyElseKnowsThis"
State = Connection.State


def page(connection: Connection, name: str = "disconnection") -> str:
    return f"{LIST}{connection.id}/{name}"


@pytest.fixture
def live(organization: Organization) -> Connection:
    return connect(organization, State.LIVE, imported_at=NOW, data_through=NOW)


def present(organization: Organization) -> Connection:
    with tenant(organization.id):
        return Connection.objects.get()


def test_who_has_not_just_signed_in_confirms_first(owner: Person, live: Connection) -> None:
    for response in (owner.client.get(page(live)), owner.client.post(page(live), {"choice": "delete"})):
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/reauthenticate/?next=%2Fo%2Facme%2Fconnections")
    assert present(live.organization).state == State.LIVE


def test_confirming_leads_back_to_the_page(owner: Person, live: Connection) -> None:
    asked = owner.client.get(page(live))["Location"]
    response = owner.client.post(asked, {"password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == page(live)
    assert "What becomes of its data?" in response.content.decode()


def test_both_ways_are_explained_and_neither_is_chosen(owner: Person, live: Connection) -> None:
    html = recently(owner).client.get(page(live)).content.decode()
    assert "The numbers stay as they were on 21 November 2026, 12:00 UTC" in html
    assert "Stripe keeps events for 30 days only" in html
    assert "checked" not in html


@pytest.mark.parametrize("choice", ["", "both"])
def test_without_a_choice_nothing_happens(owner: Person, live: Connection, choice: str) -> None:
    response = recently(owner).client.post(page(live), {"choice": choice})
    assert response.status_code == 400
    assert "Choose what becomes of the data." in response.content.decode()
    assert present(live.organization).state == State.LIVE


def test_an_account_that_was_kept_says_so_and_offers_to_go_on(owner: Person, live: Connection) -> None:
    html = recently(owner).client.post(page(live), {"choice": "keep"}, follow=True).content.decode()
    assert "is disconnected. Its numbers stay as they are." in html
    assert "21 November 2026, 12:00 UTC, disconnected" in html
    assert "Paste a key" in html
    assert "Delete its data" in html
    with tenant(live.organization_id):
        assert AuditEntry.objects.get().actor == owner.user


def test_an_account_that_is_deleted_says_so_until_it_is_gone(owner: Person, live: Connection) -> None:
    html = recently(owner).client.post(page(live), {"choice": "delete"}, follow=True).content.decode()
    assert "is being deleted; its numbers are taken out of yours." in html
    assert "It counts no longer." in html
    assert 'hx-trigger="every 1s"' in html
    assert page(live) not in html
    jobs.run_until_idle(live.organization_id)
    assert "No account is connected yet" in owner.client.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        (State.IMPORTING, {}),
        (State.REFUSED, {"account_id": ""}),
        (State.DISCONNECTED, {"imported_at": NOW, "data_through": NOW}),
        (State.LIVE, {"kind": Connection.Kind.ARCHIVE, "imported_at": NOW}),
    ],
)
def test_where_there_is_nothing_to_keep_only_deleting_is_offered(
    owner: Person, organization: Organization, state: State, facts: dict[str, Any]
) -> None:
    connection = connect(organization, state, **facts)
    html = recently(owner).client.get(page(connection)).content.decode()
    assert 'value="keep"' not in html
    assert 'value="delete"' in html
    assert owner.client.post(page(connection), {"choice": "keep"}).status_code == 400


def test_the_dashboard_says_that_an_account_is_read_no_longer(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    with tenant(organization.id):
        Connection.objects.update(state=State.DISCONNECTED)
    with set_now(NOW + timedelta(days=3)):
        html = owner.client.get("/o/acme/?month=2026-09").content.decode()
    assert "Acme SAS is disconnected." in html
    assert "days old" not in html
    assert "Its numbers stay as they were on 21 November 2026, 12:00 UTC." in html


@pytest.mark.parametrize("name", ["disconnection", "key"])
def test_a_connection_that_is_being_deleted_can_no_longer_be_changed(
    owner: Person, organization: Organization, name: str
) -> None:
    going = connect(organization, State.DELETING)
    assert recently(owner).client.get(page(going, name)).status_code == 404


@pytest.mark.parametrize("name", ["disconnection", "key"])
def test_a_connection_that_does_not_exist_is_not_found(
    owner: Person, organization: Organization, name: str
) -> None:
    assert recently(owner).client.get(f"{LIST}{uuid4()}/{name}").status_code == 404


@pytest.mark.parametrize("name", ["disconnection", "key"])
@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_owners_and_admins_may(
    organization: Organization, live: Connection, role: Role, name: str
) -> None:
    somebody = recently(member("somebody@acme.example", organization, role))
    for response in (
        somebody.client.get(page(live, name)),
        somebody.client.post(page(live, name), {"choice": "delete", "api_key": KEY}),
    ):
        assert response.status_code == 403
    assert page(live, name) not in somebody.client.get(LIST).content.decode()
    assert present(organization).state == State.LIVE


@pytest.mark.parametrize("name", ["disconnection", "key"])
def test_another_organizations_connection_is_not_found(
    organization: Organization, other_owner: Person, live: Connection, name: str
) -> None:
    outsider = recently(other_owner).client
    elsewhere = page(live, name).replace("acme", "umbrella")
    for url in (page(live, name), elsewhere):
        assert outsider.get(url).status_code == 404
        assert outsider.post(url, {"choice": "delete", "api_key": KEY}).status_code == 404
    assert present(organization).state == State.LIVE


def test_another_key_is_checked_for_the_connection_it_is_for(owner: Person, live: Connection) -> None:
    html = owner.client.get(page(live, "key")).content.decode()
    assert "A key for Acme SAS" in html
    assert "a key of any other account is refused" in html
    assert owner.client.post(page(live, "key"), {"api_key": KEY})["Location"] == LIST
    with tenant(live.organization_id):
        attempt = Connection.objects.exclude(id=live.id).get()
        assert AuditEntry.objects.get().actor == owner.user
    assert (attempt.replaces_id, attempt.state) == (live.id, State.CHECKING)


def test_a_refused_attempt_leads_to_the_page_that_it_came_from(
    owner: Person, organization: Organization, live: Connection
) -> None:
    fresh = connect(organization, State.REFUSED, account_id="")
    meant = connect(organization, State.REFUSED, account_id="", replaces_id=live.id)
    assert owner.client.get(page(fresh, "key"))["Location"] == f"{LIST}new"
    assert owner.client.get(page(meant, "key"))["Location"] == page(live, "key")


def test_a_key_of_the_other_mode_is_refused_at_once(owner: Person, live: Connection) -> None:
    response = owner.client.post(page(live, "key"), {"api_key": KEY.replace("live", "test")})
    assert response.status_code == 400
    assert "This key is for test mode, and the connection reads live mode." in response.content.decode()


def test_every_account_says_its_mode_and_a_test_one_that_it_is_left_out(
    owner: Person, organization: Organization, live: Connection
) -> None:
    connect(organization, State.LIVE, imported_at=NOW, livemode=False, account_name="Acme trial")
    html = owner.client.get(LIST).content.decode()
    assert html.count(">Live</span>") == 1
    assert html.count(">Test mode</span>") == 1
    assert html.count("test accounts are left out") == 1


def test_an_archive_says_that_its_account_is_counted_instead(
    owner: Person, organization: Organization, live: Connection
) -> None:
    facts = {"kind": "archive", "account_name": "", "key_hint": "", "imported_at": NOW}
    archive = connect(organization, State.LIVE, **facts, account_id=live.account_id)
    html = owner.client.get(LIST).content.decode()
    assert html.count("these events are of Acme SAS, which is connected") == 1
    assert owner.client.get(page(archive, "key")).headers["Location"] == f"{LIST}new"
    asked = recently(owner).client.get(page(archive)).content.decode()
    assert "Delete the data of Archive of events" in asked
