"""A person makes organizations and goes to the one she means."""

import pytest
from django.test import Client

from accounts.models import AuditEntry, Membership, Organization, Role
from accounts.organizations import OrganizationRefusedError, create, time_zones
from accounts.tenancy import tenant
from tests.cast import Person, make_organization


def test_a_visitor_signs_in_first(db: None) -> None:
    assert Client().get("/")["Location"] == "/accounts/login/?next=/"


def test_someone_without_an_organization_is_offered_to_make_one(stranger: Person) -> None:
    assert stranger.client.get("/")["Location"] == "/organizations/new"
    assert stranger.client.get("/organizations/").status_code == 200


def test_the_only_organization_opens_at_once(owner: Person) -> None:
    assert owner.client.get("/")["Location"] == "/o/acme/"


def test_among_several_one_chooses_and_sees_no_other_s(
    owner: Person, other_organization: Organization
) -> None:
    Membership.objects.create(organization=make_organization("second"), user=owner.user, role=Role.VIEWER)
    assert owner.client.get("/")["Location"] == "/organizations/"
    page = owner.client.get("/organizations/").content.decode()
    assert "/o/acme/" in page
    assert "/o/second/" in page
    assert "umbrella" not in page.lower()


def test_a_new_organization_has_its_maker_as_owner(stranger: Person) -> None:
    answer = stranger.client.post("/organizations/new", {"name": "Blue  Heron", "time_zone": "Europe/Paris"})
    assert answer["Location"] == "/o/blue-heron/"
    made = Organization.objects.get()
    assert (made.name, made.time_zone, made.currency) == ("Blue Heron", "Europe/Paris", "")
    assert made.memberships.get().role == Role.OWNER
    with tenant(made.id):
        assert AuditEntry.objects.get().action == "organization.created"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "", "time_zone": "UTC"},
        {"name": "A", "time_zone": "Mars/Base"},
        {"name": "A" * 121, "time_zone": "UTC"},
    ],
)
def test_a_form_with_mistakes_comes_back_with_reasons(stranger: Person, form: dict[str, str]) -> None:
    answer = stranger.client.post("/organizations/new", form)
    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"), [("Acme", "acme-2"), ("ACME!", "acme-2"), ("🌊", "organization"), ("É" * 120, "e" * 48)]
)
def test_slugs_are_made_from_names_and_never_shared(
    stranger: Person, organization: Organization, name: str, slug: str
) -> None:
    assert create(name, owner=stranger.user, time_zone="UTC").slug == slug


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": " "}, "1 to 120 characters"),
        ({"time_zone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"time_zone": "../../etc/passwd"}, "no time zone"),
        ({"currency": "xyz"}, "no currency 'xyz'"),
    ],
)
def test_what_cannot_be_is_refused(stranger: Person, change: dict[str, str], message: str) -> None:
    arguments = {"name": "Acme", "time_zone": "UTC", "currency": "", **change}
    with pytest.raises(OrganizationRefusedError, match=message):
        create(arguments.pop("name"), owner=stranger.user, **arguments)


def test_the_list_of_time_zones_begins_with_utc() -> None:
    assert time_zones()[0] == "UTC"
    assert {"Europe/Paris", "America/New_York", "Asia/Kolkata"} <= set(time_zones())
