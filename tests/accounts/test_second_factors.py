"""An organization may let in members with a second factor only; nobody locks herself out by that."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from tests.cast import Person, member

REQUIRE, STOP = "/o/acme/second-factor/", "/o/acme/second-factor/removal"


def equip(person: Person, kind: Authenticator.Type = Authenticator.Type.TOTP) -> None:
    Authenticator.objects.create(user=person.user, type=kind, data={})


def is_required(organization: Organization) -> bool:
    organization.refresh_from_db()
    return organization.second_factor_required


@pytest.fixture
def required(organization: Organization, owner: Person) -> Organization:
    equip(owner)
    assert owner.client.post(REQUIRE)["Location"] == "/o/acme/members/"
    assert is_required(organization)
    return organization


def test_an_owner_sets_up_her_own_first(owner: Person, organization: Organization) -> None:
    equip(owner, Authenticator.Type.RECOVERY_CODES)
    answer = owner.client.post(REQUIRE, follow=True)
    assert b"Set up two-step sign-in for yourself first." in answer.content
    assert not is_required(organization)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.WITHOUT_PAYERS])
def test_owners_alone_decide(required: Organization, role: Role) -> None:
    somebody = member("somebody@acme.example", required, role)
    equip(somebody)
    for url in (REQUIRE, STOP):
        assert somebody.client.post(url).status_code == 403
    assert is_required(required)


def test_a_member_without_one_sees_what_to_do_and_nothing_else(
    required: Organization, teammate: Person
) -> None:
    for path in ("", "members/", "customers/", "data/", "no-such-page"):
        answer = teammate.client.get(f"/o/acme/{path}")
        assert answer.status_code == 403, path
        assert b"Two-step sign-in is required" in answer.content
        assert b"owner@acme.example" not in answer.content
    assert teammate.client.post("/o/acme/data/exports", {"table": "movements"}).status_code == 403
    assert teammate.client.get("/accounts/2fa/").status_code == 200


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_a_member_comes_in_once_she_has_one_and_is_out_without(
    required: Organization, teammate: Person, kind: Authenticator.Type
) -> None:
    equip(teammate, kind)
    assert teammate.client.get("/o/acme/members/").status_code == 200
    Authenticator.objects.filter(user=teammate.user).delete()
    assert teammate.client.get("/o/acme/members/").status_code == 403


def test_a_stranger_is_told_nothing(required: Organization, stranger: Person) -> None:
    assert stranger.client.get("/o/acme/").status_code == 404
    assert Client().get("/o/acme/").status_code == 302


def test_it_is_told_how_many_have_none_and_written_down(
    required: Organization, owner: Person, teammate: Person
) -> None:
    assert b"1 member has neither." in owner.client.get("/o/acme/members/").content
    owner.client.post(STOP)
    assert not is_required(required)
    with tenant(required.id):
        told = AuditEntry.objects.filter(action="organization.second_factor").order_by("at")
        assert [one.details["required"] for one in told] == [True, False]
