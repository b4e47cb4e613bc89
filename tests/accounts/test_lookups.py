"""What every request reads is what a queryset would find, in as many statements."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.access import MEMBERSHIP
from accounts.models import Membership, Organization, User
from accounts.tenancy import current_organization_id
from tests.cast import Person


def test_a_membership_comes_with_its_organization(organization: Organization, owner: Person) -> None:
    with CaptureQueriesContext(connection) as asked:
        found = MEMBERSHIP.find(organization.slug, owner.user.pk)
        assert found is not None
        assert found.organization.name == organization.name
    assert len(asked) == 1
    assert found == Membership.objects.get(user=owner.user, organization=organization)
    assert (
        MEMBERSHIP.find("nowhere", owner.user.pk)
        is MEMBERSHIP.find(organization.slug, owner.user.pk + 1)
        is None
    )


def test_a_membership_s_organization_is_entered_and_a_strangers_is_not(
    organization: Organization, owner: Person
) -> None:
    with transaction.atomic():
        assert MEMBERSHIP.find(organization.slug, owner.user.pk + 1) is None
        assert current_organization_id() is None
        assert MEMBERSHIP.find(organization.slug, owner.user.pk) is not None
        assert current_organization_id() == organization.id
    assert current_organization_id() is None


def test_a_person_is_found_by_key_whole(owner: Person) -> None:
    found = User.objects.get(pk=owner.user.pk)
    assert (found.email, found.password, found.is_active) == (owner.user.email, owner.user.password, True)
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=owner.user.pk + 1)


def test_a_session_that_has_ended_is_nobodys(owner: Person, organization: Organization) -> None:
    page = f"/o/{organization.slug}/"
    assert owner.client.get(page).status_code == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert owner.client.get(page).status_code == 302
