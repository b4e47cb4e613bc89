"""An invitation lets in the one person it was sent to, once, within seven days."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.invitations import InvitationRefusedError, accept
from accounts.models import AccountMail, Invitation, Membership, Organization, Role
from tests.accounts.messages import link
from tests.cast import PASSWORD, Person, member, person

BOB = "bob@example.com"


def invite(owner: Person, email: str = BOB, role: str = "member") -> str:
    """Invite an address, and return the path in the mail."""
    answer = owner.client.post("/o/acme/invitations/", {"email": email, "role": role})
    assert answer.status_code == 302, answer.content.decode()
    return link(email.lower())


def test_the_invited_person_joins_in_her_role(owner: Person) -> None:
    path = invite(owner)
    bob = person(BOB)
    assert b"Join Acme" in bob.client.get(path).content
    assert bob.client.post(path)["Location"] == "/o/acme/"
    assert bob.user.memberships.get().role == Role.MEMBER


def test_looking_at_an_invitation_does_not_use_it(owner: Person) -> None:
    path = invite(owner)
    bob = person(BOB)
    bob.client.get(path)
    assert not bob.user.memberships.exists()


def test_a_new_person_signs_up_on_the_way(owner: Person) -> None:
    path = invite(owner)
    client = Client()
    assert f"/accounts/signup/?next={path}".encode() in client.get(path).content
    client.post("/accounts/signup/", {"email": BOB, "password1": PASSWORD, "next": path})
    assert client.post(link(BOB))["Location"] == path
    assert client.post(path)["Location"] == "/o/acme/"


def test_an_invitation_works_once(owner: Person) -> None:
    path = invite(owner)
    bob = person(BOB)
    bob.client.post(path)
    bob.user.memberships.all().delete()
    assert bob.client.post(path).status_code == 410
    assert not bob.user.memberships.exists()


def test_an_invitation_ends_after_seven_days(owner: Person) -> None:
    path = invite(owner)
    assert Invitation.objects.get().expires_at - timezone.now() <= timedelta(days=7)
    Invitation.objects.update(expires_at=timezone.now())
    assert b"no longer valid" in person(BOB).client.post(path).content


def test_a_revoked_invitation_is_closed(owner: Person) -> None:
    path = invite(owner)
    owner.client.post(f"/o/acme/invitations/{Invitation.objects.get().id}/revocation")
    assert person(BOB).client.post(path).status_code == 410


def test_a_second_invitation_replaces_the_first(owner: Person) -> None:
    first, second = invite(owner), invite(owner, role="viewer")
    bob = person(BOB)
    assert bob.client.post(first).status_code == 410
    bob.client.post(second)
    assert bob.user.memberships.get().role == Role.VIEWER


def test_another_person_cannot_use_the_link(owner: Person, stranger: Person) -> None:
    path = invite(owner)
    answer = stranger.client.post(path)
    assert answer.status_code == 403
    assert BOB.encode() not in answer.content
    assert not stranger.user.memberships.exists()


def test_an_address_that_is_not_verified_does_not_count(owner: Person) -> None:
    path = invite(owner)
    bob = person(BOB)
    bob.user.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    assert bob.client.post(path).status_code == 403


def test_a_secret_belongs_to_its_organization(owner: Person, other_organization: Organization) -> None:
    path = invite(owner)
    elsewhere = path.replace(str(owner.user.memberships.get().organization_id), str(other_organization.id))
    bob = person(BOB)
    assert bob.client.post(elsewhere).status_code == 404
    assert not bob.user.memberships.exists()


def test_a_guessed_secret_finds_nothing(owner: Person, organization: Organization) -> None:
    invite(owner)
    for guess in ("x", Invitation.objects.get().secret_hash):
        assert Client().get(f"/invitations/{organization.id}/{guess}/").status_code == 404


def test_neither_the_secret_nor_the_mail_is_kept(owner: Person) -> None:
    secret = invite(owner).split("/")[-2]
    kept = Invitation.objects.get()
    assert len(secret) >= 43
    assert secret not in str(vars(kept))
    assert not any(secret.encode() in bytes(mail.message) for mail in AccountMail.objects.all())


def test_an_admin_invites_no_owner(organization: Organization) -> None:
    admin = member("admin@acme.example", organization, Role.ADMIN)
    answer = admin.client.post("/o/acme/invitations/", {"email": BOB, "role": "owner"})
    assert answer.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "form", [{}, {"email": "no address", "role": "viewer"}, {"email": BOB, "role": "emperor"}]
)
def test_a_form_with_mistakes_comes_back(owner: Person, form: dict[str, str]) -> None:
    answer = owner.client.post("/o/acme/invitations/", form)
    assert answer.status_code == 422
    assert b"errorlist" in answer.content


def test_a_member_is_not_invited_again(owner: Person, teammate: Person) -> None:
    answer = owner.client.post("/o/acme/invitations/", {"email": teammate.email.upper(), "role": "admin"})
    assert b"a member already" in answer.content


def test_a_member_who_accepts_keeps_her_role(owner: Person, organization: Organization) -> None:
    path = invite(owner, role="viewer")
    bob = person(BOB)
    Membership.objects.create(organization=organization, user=bob.user, role=Role.ADMIN)
    bob.client.post(path)
    assert bob.user.memberships.get().role == Role.ADMIN


def test_an_invitation_of_another_organization_is_not_revoked(owner: Person, other_owner: Person) -> None:
    invite(owner)
    url = f"/o/umbrella/invitations/{Invitation.objects.get().id}/revocation"
    assert other_owner.client.post(url).status_code == 404
    assert Invitation.objects.get().revoked_at is None


@pytest.mark.parametrize("mine", Role)
def test_nobody_invites_above_her_own_role(organization: Organization, mine: Role) -> None:
    giver = member("giver@acme.example", organization, mine)
    for role in Role:
        answer = giver.client.post("/o/acme/invitations/", {"email": BOB, "role": role})
        expected = 403 if not mine.covers(Role.ADMIN) else 302 if mine.covers(role) else 422
        assert answer.status_code == expected, role


def test_a_link_used_at_the_same_instant_works_once(owner: Person) -> None:
    path = invite(owner)
    bob = person(BOB)
    found = Invitation.objects.select_related("organization").get()

    def take(_try: int) -> bool:
        try:
            accept(found, bob.user)
        except InvitationRefusedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(take, range(4))) == [False, False, False, True]
    assert bob.user.memberships.count() == 1
    assert bob.client.post(path).status_code == 410


def test_secrets_are_random_and_none_tells_of_another(owner: Person) -> None:
    secrets = [invite(owner, f"bob{number}@example.com").split("/")[-2] for number in range(5)]
    assert len({secret[:8] for secret in secrets}) == 5
    assert len(set(Invitation.objects.values_list("secret_hash", flat=True))) == 5


def test_an_invitation_gives_its_own_role_whatever_is_posted(owner: Person) -> None:
    path = invite(owner, role="without_payers")
    bob = person(BOB)
    bob.client.post(path, {"role": "owner", "organization": "umbrella"})
    assert bob.user.memberships.get().role == Role.WITHOUT_PAYERS
