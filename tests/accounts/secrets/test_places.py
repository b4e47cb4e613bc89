"""A stored secret that was put elsewhere opens nothing: another row, field, organization or person."""

import base64
from itertools import permutations

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import factor_secrets, rotation
from accounts.models import Organization
from accounts.secrets import SecretUnreadableError, encrypt
from accounts.tenancy import tenant
from billing_sync import access
from billing_sync.models import Connection
from tests.accounts.secrets.kept import NOT_BOUND, filled
from tests.cast import PASSWORD, Person, recently

SET_UP, SIGN_IN, PROVE = "/accounts/2fa/totp/activate/", "/accounts/login/", "/accounts/2fa/authenticate/"


def code(secret: str) -> str:
    (present,) = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(secret, present)))


def equip(person: Person) -> str:
    """Set an authenticator app up on its page, and return its secret."""
    recently(person).client.get(SET_UP)
    secret: str = person.client.session["mfa.totp.secret"]
    assert person.client.post(SET_UP, {"code": code(secret)}).status_code == 302
    return secret


def comes_in(person: Person, secret: str) -> bool:
    client = Client()
    client.post(SIGN_IN, {"login": person.email, "password": PASSWORD})
    client.post(PROVE, {"code": code(secret)})
    return "_auth_user_id" in client.session


def test_a_key_moved_to_another_row_field_or_organization_opens_nothing(db: None) -> None:
    safe = filled(organizations=2, connections=2)
    rows = []
    for organization in safe.organizations:
        with tenant(organization.id):
            rows += list(Connection.objects.all())
    places = [(row, name) for row in rows for name in (access.KEY, access.REFRESH_TOKEN, access.CODE)]
    for (one, name), (other, elsewhere) in permutations(places, 2):
        with pytest.raises(SecretUnreadableError):
            access.unseal(other, elsewhere, bytes(getattr(one, name)))


def test_a_second_factor_lets_its_own_person_in(owner: Person) -> None:
    secret = equip(owner)
    assert all(secret not in str(one.data) for one in Authenticator.objects.all())
    assert comes_in(owner, secret)


def test_a_second_factor_moved_to_another_person_lets_nobody_in(owner: Person, other_owner: Person) -> None:
    known = equip(owner)
    equip(other_owner)
    mine = Authenticator.objects.get(user=owner.user, type=Authenticator.Type.TOTP)
    Authenticator.objects.filter(user=other_owner.user, type=mine.type).update(data=mine.data)
    with pytest.raises(SecretUnreadableError, match="another place"):
        comes_in(other_owner, known)


def test_a_second_factor_of_a_first_release_works_and_is_bound_with_the_next_rotation(owner: Person) -> None:
    secret = equip(owner)
    mine = Authenticator.objects.filter(user=owner.user, type=Authenticator.Type.TOTP)
    mine.update(data={"secret": base64.b64encode(encrypt(secret, **NOT_BOUND)).decode()})
    assert rotation.rotate().changed == 1
    assert factor_secrets.is_current(mine.get().data["secret"], owner.user.pk)
    with pytest.raises(SecretUnreadableError):
        factor_secrets.unseal(mine.get().data["secret"], owner.user.pk + 1)
    assert comes_in(owner, secret)


def test_outside_of_a_sign_in_no_second_factor_is_opened(organization: Organization) -> None:
    with pytest.raises(factor_secrets.NobodySignsInError):
        factor_secrets.whose()
    assert not Session.objects.exists()
