"""Connecting by Stripe Connect: asked for by one person in one browser, and answered once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.http import HttpResponseBase
from django.test import Client

from accounts import jobs
from accounts.models import AuditEntry, Membership, Organization, Role
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config.clock import now, set_now
from tests.billing_sync.accounts import NOW, connection_of
from tests.billing_sync.connect import decided, registered, tell
from tests.cast import Person, member

START, BACK, NEW = (
    "/o/acme/connections/authorization",
    "/connections/oauth/callback",
    "/o/acme/connections/new",
)


@pytest.fixture
def stripe() -> Iterator[str]:
    with set_now(NOW), registered() as (_sandbox, base_url):
        yield base_url


def allowed(person: Person, start: str = START) -> str:
    """Press our button, allow access on Stripe's page, and return the path to come back to."""
    response = person.client.post(start)
    assert response.status_code == 302
    return decided(response["Location"])


def refused(response: HttpResponseBase, words: str, organization: Organization) -> None:
    """Say that an answer was refused in these words, and that nothing was stored."""
    assert response.status_code == 400
    assert words in response.content.decode()  # type: ignore[attr-defined]
    with tenant(organization.id):
        assert not Connection.objects.exists()


def test_the_button_is_shown_only_where_the_operator_registered(owner: Person) -> None:
    assert "Connect with Stripe" not in owner.client.get(NEW).content.decode()
    assert owner.client.post(START).status_code == 404
    with registered():
        assert "Connect with Stripe" in owner.client.get(NEW).content.decode()


def test_the_page_with_the_button_lets_its_form_end_at_stripe(owner: Person, stripe: str) -> None:
    assert f"form-action 'self' {stripe}" in owner.client.get(NEW)["Content-Security-Policy"]


def test_an_account_that_is_allowed_is_imported(
    owner: Person, organization: Organization, stripe: str
) -> None:
    response = owner.client.get(allowed(owner))
    assert (response.status_code, response["Location"]) == (302, "/o/acme/")
    jobs.run_until_idle(organization.id)
    made = connection_of(organization)
    assert (made.kind, made.state, made.livemode) == ("oauth", Connection.State.LIVE, False)
    assert bytes(made.code_encrypted) == b""
    assert made.refresh_token_encrypted
    html = owner.client.get("/o/acme/connections/").content.decode()
    assert "Stripe Connect, read only" in html
    with tenant(organization.id):
        assert AuditEntry.objects.get(action="connection.begun").actor == owner.user


def test_only_reading_is_asked_for(owner: Person, stripe: str) -> None:
    assert "scope=read_only" in owner.client.post(START)["Location"]


def test_the_code_waits_encrypted(owner: Person, organization: Organization, stripe: str) -> None:
    back = allowed(owner)
    owner.client.get(back)
    waiting = connection_of(organization)
    assert waiting.state == Connection.State.CHECKING
    assert b"ac_Sandbox" not in bytes(waiting.code_encrypted)
    assert len(waiting.code_encrypted) > 20


def test_an_answer_without_state_is_refused(owner: Person, organization: Organization, stripe: str) -> None:
    refused(owner.client.get(f"{BACK}?code=ac_1"), "was not asked for in this browser", organization)


def test_an_answer_with_a_forged_state_is_refused(
    owner: Person, organization: Organization, stripe: str
) -> None:
    allowed(owner)
    response = owner.client.get(f"{BACK}?code=ac_1&state=guessed")
    refused(response, "was not asked for in this browser", organization)


def test_an_answer_to_another_person_is_refused(
    owner: Person, organization: Organization, stripe: str
) -> None:
    admin = member("admin@acme.example", organization, Role.ADMIN)
    refused(admin.client.get(allowed(owner)), "was not asked for in this browser", organization)


def test_an_answer_in_another_browser_of_the_same_person_is_refused(
    owner: Person, organization: Organization, stripe: str
) -> None:
    elsewhere = Client()
    elsewhere.force_login(owner.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    refused(elsewhere.get(allowed(owner)), "was not asked for in this browser", organization)


def test_an_answer_for_a_visitor_asks_to_sign_in(
    owner: Person, organization: Organization, stripe: str
) -> None:
    assert Client().get(allowed(owner))["Location"].startswith("/accounts/login/")


def test_a_late_answer_is_refused(owner: Person, organization: Organization, stripe: str) -> None:
    back = allowed(owner)
    with set_now(now() + timedelta(minutes=11)):
        refused(owner.client.get(back), "longer than ten minutes", organization)


def test_an_answer_is_taken_once(owner: Person, organization: Organization, stripe: str) -> None:
    back = allowed(owner)
    owner.client.get(back)
    before = connection_of(organization)
    response = owner.client.get(back)
    assert response.status_code == 400
    assert "used already" in response.content.decode()
    assert bytes(connection_of(organization).code_encrypted) == bytes(before.code_encrypted)


def test_a_session_that_is_put_back_does_not_let_an_answer_in_twice(
    owner: Person, organization: Organization, stripe: str
) -> None:
    back = allowed(owner)
    session = owner.client.session
    kept = dict(session)
    owner.client.get(back)
    session.update(kept)
    session.save()
    assert owner.client.get(back).status_code == 400
    assert connection_of(organization).state == Connection.State.CHECKING


def test_an_answer_connects_the_organization_that_it_was_asked_for(
    owner: Person, organization: Organization, other_organization: Organization, stripe: str
) -> None:
    Membership.objects.create(organization=other_organization, user=owner.user, role=Role.OWNER)
    assert owner.client.get(allowed(owner))["Location"] == "/o/acme/"
    with tenant(other_organization.id):
        assert not Connection.objects.exists()


@pytest.mark.parametrize("role", [Role.MEMBER, None])
def test_who_lost_her_role_on_the_way_connects_nothing(
    owner: Person, organization: Organization, stripe: str, role: Role | None
) -> None:
    back = allowed(owner)
    membership = Membership.objects.filter(user=owner.user)
    membership.update(role=role) if role else membership.delete()
    refused(owner.client.get(back), "may no longer connect accounts", organization)


def test_a_denial_is_said_and_changes_nothing(owner: Person, organization: Organization, stripe: str) -> None:
    tell(stripe, deny=True)
    refused(owner.client.get(allowed(owner)), "Access was not allowed in Stripe", organization)


@pytest.mark.parametrize(
    ("error", "words"),
    [("invalid_scope", "read only"), ("server_error", "gave no access"), ("", "gave no access")],
)
def test_any_other_refusal_says_what_to_do(
    owner: Person, organization: Organization, stripe: str, error: str, words: str
) -> None:
    state = owner.client.post(START)["Location"].partition("state=")[2].partition("&")[0]
    refused(owner.client.get(f"{BACK}?error={error}&state={state}"), words, organization)


def test_the_answer_is_not_cached(owner: Person, stripe: str) -> None:
    assert "no-store" in owner.client.get(allowed(owner))["Cache-Control"]


def test_access_that_was_withdrawn_is_asked_for_again_and_goes_on(
    owner: Person, organization: Organization, stripe: str
) -> None:
    owner.client.get(allowed(owner))
    jobs.run_until_idle(organization.id)
    first = connection_of(organization)
    tell(stripe, deauthorize=True)
    with tenant(organization.id):
        jobs.enqueue(organization.id, "poll_events", str(first.id))
    jobs.run_until_idle(organization.id)
    assert connection_of(organization).state == Connection.State.REVOKED
    html = owner.client.get("/o/acme/connections/").content.decode()
    assert "Access was withdrawn in Stripe" in html
    assert "Connect with Stripe again" in html
    owner.client.get(allowed(owner, f"/o/acme/connections/{first.id}/authorization"))
    jobs.run_until_idle(organization.id)
    again = connection_of(organization)
    assert (again.id, again.state, again.error) == (first.id, Connection.State.LIVE, "")
