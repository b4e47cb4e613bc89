"""Owners and admins decide about the people below them; an organization keeps an owner."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.members import MemberRefusedError, change_role, remove
from accounts.models import Membership, Organization, Role
from accounts.tenancy import tenant
from tests.cast import Person, member


def membership(person: Person) -> Membership:
    return Membership.objects.get(user=person.user)


def url(person: Person, what: str) -> str:
    return f"/o/acme/members/{membership(person).id}/{what}"


@pytest.fixture
def admin(organization: Organization) -> Person:
    return member("admin@acme.example", organization, Role.ADMIN)


def test_everyone_sees_the_members_and_only_those_above_see_controls(owner: Person, teammate: Person) -> None:
    assert b"Send the invitation" in owner.client.get("/o/acme/members/").content
    seen = teammate.client.get("/o/acme/members/").content
    assert owner.email.encode() in seen
    assert b"Send the invitation" not in seen
    assert b"/role" not in seen


def test_an_owner_gives_a_role(owner: Person, teammate: Person) -> None:
    owner.client.post(url(teammate, "role"), {"role": "admin"})
    assert membership(teammate).role == Role.ADMIN


@pytest.mark.parametrize("role", ["owner", "emperor", ""])
def test_an_admin_gives_no_role_above_her_own(admin: Person, teammate: Person, role: str) -> None:
    admin.client.post(url(teammate, "role"), {"role": role})
    assert membership(teammate).role == Role.VIEWER


@pytest.mark.parametrize("what", ["role", "removal"])
def test_an_admin_does_nothing_to_an_owner(admin: Person, owner: Person, what: str) -> None:
    page = admin.client.post(url(owner, what), {"role": "viewer"}, follow=True)
    assert b"Your role does not allow" in page.content
    assert membership(owner).role == Role.OWNER


@pytest.mark.parametrize("what", ["role", "removal"])
def test_a_viewer_changes_nobody(teammate: Person, owner: Person, what: str) -> None:
    assert teammate.client.post(url(owner, what), {"role": "viewer"}).status_code == 403
    assert membership(owner).role == Role.OWNER


def test_a_removed_person_is_out_at_once(owner: Person, teammate: Person) -> None:
    owner.client.post(url(teammate, "removal"))
    assert teammate.client.get("/o/acme/members/").status_code == 404


def test_anyone_may_leave(teammate: Person, owner: Person) -> None:
    assert teammate.client.post(url(teammate, "removal"))["Location"] == "/"
    assert not teammate.user.memberships.exists()


@pytest.mark.parametrize("what", ["role", "removal"])
def test_the_last_owner_stays(owner: Person, teammate: Person, what: str) -> None:
    page = owner.client.post(url(owner, what), {"role": "viewer"}, follow=True)
    assert b"An organization needs an owner" in page.content
    assert membership(owner).role == Role.OWNER


def test_one_of_two_owners_may_leave_and_the_other_not(owner: Person, organization: Organization) -> None:
    second = member("second@acme.example", organization, Role.OWNER)
    with tenant(organization.id):
        remove(membership(second), by=membership(second))
        with pytest.raises(MemberRefusedError):
            change_role(membership(owner), Role.ADMIN, by=membership(owner))


def test_a_membership_of_another_organization_is_not_found(owner: Person, other_owner: Person) -> None:
    for what in ("role", "removal"):
        assert owner.client.post(url(other_owner, what), {"role": "viewer"}).status_code == 404
    assert membership(other_owner).role == Role.OWNER


def leave(leaving: Membership) -> bool:
    """Leave in a transaction of one's own, as a request does."""
    try:
        with tenant(leaving.organization_id):
            remove(leaving, by=leaving)
    except MemberRefusedError:
        return False
    finally:
        connection.close()
    return True


def step_down(leaving: Membership) -> bool:
    """Become an admin in a transaction of one's own."""
    try:
        with tenant(leaving.organization_id):
            change_role(leaving, Role.ADMIN, by=leaving)
    except MemberRefusedError:
        return False
    finally:
        connection.close()
    return True


def test_of_two_owners_who_go_at_the_same_instant_one_stays(organization: Organization) -> None:
    for attempt in range(10):
        owners = [member(f"owner{attempt}.{one}@acme.example", organization, Role.OWNER) for one in "ab"]
        goes = leave if attempt % 2 else step_down
        with ThreadPoolExecutor(2) as threads:
            gone = list(threads.map(goes, [membership(one) for one in owners]))
        assert sorted(gone) == [False, True], attempt
        assert organization.memberships.filter(role=Role.OWNER).count() == 1
        organization.memberships.all().delete()


@pytest.mark.parametrize("mine", Role)
def test_nobody_gives_a_role_above_her_own(organization: Organization, owner: Person, mine: Role) -> None:
    giver = member("giver@acme.example", organization, mine)
    other = member("other@acme.example", organization, Role.WITHOUT_PAYERS)
    for role in Role:
        giver.client.post(url(other, "role"), {"role": role})
        may = mine.covers(Role.ADMIN) and mine.covers(role)
        assert (membership(other).role == role) is (may or role == Role.WITHOUT_PAYERS), role
        Membership.objects.filter(user=other.user).update(role=Role.WITHOUT_PAYERS)


def test_nobody_raises_herself(organization: Organization, owner: Person) -> None:
    for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.WITHOUT_PAYERS):
        somebody = member(f"{role}@acme.example", organization, role)
        somebody.client.post(url(somebody, "role"), {"role": Role.OWNER})
        assert membership(somebody).role == role
