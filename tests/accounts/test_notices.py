"""Whoever may change an account is asked who she is, and its owner is told of the change."""

import time
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts import factor_secrets
from accounts.models import AuditEntry, Membership, Organization, Role
from accounts.tenancy import tenant
from dashboards.activity import WORDS
from tests.accounts.messages import delivered, link, text
from tests.cast import PASSWORD, Person, person, recently

ANN, NEW = "ann@example.com", "a wholly different one"
SECRET = "ABCDEFGHIJKLMNOP"
pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def ann() -> Person:
    return recently(person(ANN))


def code(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def activate(ann: Person) -> None:
    sealed = {"secret": factor_secrets.seal(SECRET, ann.user.pk)}
    Authenticator.objects.create(user=ann.user, type=Authenticator.Type.TOTP, data=sealed)


def change_password(ann: Person) -> None:
    passwords = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert ann.client.post("/accounts/password/change/", passwords).status_code == 302


def reset_password(ann: Person) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": ANN})
    assert (
        client.post(client.get(link(ANN))["Location"], {"password1": NEW, "password2": NEW}).status_code
        == 302
    )


def add_address(ann: Person) -> None:
    ann.client.post("/accounts/email/", {"action_add": "", "email": "ann@elsewhere.example"})
    ann.client.post(link("ann@elsewhere.example"))


def remove_address(ann: Person) -> None:
    EmailAddress.objects.create(user=ann.user, email="old@example.com", verified=True)
    ann.client.post("/accounts/email/", {"action_remove": "", "email": "old@example.com"})


def change_address(ann: Person) -> None:
    EmailAddress.objects.create(user=ann.user, email="new@example.com", verified=True)
    ann.client.post("/accounts/email/", {"action_primary": "", "email": "new@example.com"})


def add_app(ann: Person) -> None:
    secret = ann.client.get("/accounts/2fa/totp/activate/").context["form"].secret
    assert ann.client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302


def remove_app(ann: Person) -> None:
    activate(ann)
    assert ann.client.post("/accounts/2fa/totp/deactivate/").status_code == 302


def make_codes(ann: Person) -> None:
    if not Authenticator.objects.filter(user=ann.user).exists():
        activate(ann)
    assert ann.client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302


def remove_passkey(ann: Person) -> None:
    kept = {"name": "Key", "credential": {}}
    key = Authenticator.objects.create(user=ann.user, type=Authenticator.Type.WEBAUTHN, data=kept)
    assert ann.client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 302


CHANGES = (
    change_password,
    reset_password,
    remove_address,
    change_address,
    add_app,
    remove_app,
    make_codes,
    remove_passkey,
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told_with_where_it_came_from(
    ann: Person, organization: Organization, change: Callable[[Person], None]
) -> None:
    Membership.objects.create(organization=organization, user=ann.user, role=Role.VIEWER)
    change(ann)
    told = text(delivered(ANN)[-1])
    assert "Network address: 127.0.0.1" in told
    assert NEW not in told
    with tenant(organization.id):
        written = AuditEntry.objects.filter(action__startswith="account.").latest("at")
    assert (written.actor, written.action in WORDS) == (ann.user, True)


def test_a_new_address_is_told_to_the_old_one(ann: Person) -> None:
    add_address(ann)
    change_address(ann)
    assert "Network address: 127.0.0.1" in text(delivered(ANN)[-1])


@pytest.mark.parametrize(
    "path",
    [
        "2fa/totp/activate/",
        "2fa/webauthn/add/",
        "2fa/recovery-codes/generate/",
    ],
)
def test_a_session_alone_changes_no_second_factor(path: str) -> None:
    client = person(ANN).client
    for answer in (client.get(f"/accounts/{path}"), client.post(f"/accounts/{path}", {"code": "123456"})):
        assert answer["Location"].startswith("/accounts/reauthenticate/")


def test_a_password_is_changed_by_who_knows_it(ann: Person) -> None:
    passwords = {"oldpassword": "guessed", "password1": NEW, "password2": NEW}
    assert ann.client.post("/accounts/password/change/", passwords).status_code == 200
    ann.user.refresh_from_db()
    assert ann.user.check_password(PASSWORD)


def sign_in(client: Client, password: str = PASSWORD) -> HttpResponse:
    return client.post("/accounts/login/", {"login": ANN, "password": password})  # type: ignore[return-value]


def test_a_new_password_ends_the_other_sessions(ann: Person) -> None:
    other = Client()
    sign_in(other)
    assert other.get("/organizations/").status_code == 200
    change_password(ann)
    assert other.get("/organizations/").status_code == 302
    assert ann.client.get("/organizations/").status_code == 200


def test_a_new_password_does_not_replace_the_second_factor(ann: Person) -> None:
    activate(ann)
    reset_password(ann)
    client = Client()
    assert sign_in(client, NEW)["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/organizations/").status_code == 302


def test_signing_in_makes_a_new_session(ann: Person) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "chosenbyanattacker0000000000000a"
    sign_in(client)
    assert client.get("/organizations/").status_code == 200
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "chosenbyanattacker0000000000000a"


def test_a_session_can_be_ended_from_another(ann: Person) -> None:
    other = Client()
    sign_in(other)
    ann.client.post("/accounts/sessions/")
    assert other.get("/organizations/").status_code == 302


def test_codes_of_an_app_are_guessed_five_times_at_most(ann: Person) -> None:
    activate(ann)
    client = Client()
    sign_in(client)
    for _ in range(6):
        answer = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert b"Too many failed" in answer.content
    late = client.post("/accounts/2fa/authenticate/", {"code": code(SECRET)})
    assert late.status_code == 200


def test_a_recovery_code_signs_in_once(ann: Person) -> None:
    activate(ann)
    make_codes(ann)
    one = ann.client.get("/accounts/2fa/recovery-codes/download/").content.decode().split()[-1]
    for status in (302, 200):
        client = Client()
        sign_in(client)
        assert client.post("/accounts/2fa/authenticate/", {"code": one}).status_code == status


def test_a_code_of_an_app_signs_in_once(ann: Person) -> None:
    activate(ann)
    shown = code(SECRET)
    for status in (302, 200):
        client = Client()
        sign_in(client)
        assert client.post("/accounts/2fa/authenticate/", {"code": shown}).status_code == status


def test_signing_out_has_the_browser_drop_what_it_holds(ann: Person) -> None:
    assert '"cache"' in ann.client.post("/accounts/logout/")["Clear-Site-Data"]


def test_a_browser_that_is_new_is_told_of_once(ann: Person) -> None:
    client = Client()
    for _ in range(2):
        sign_in(client)
        client.post("/accounts/logout/")
    (told,) = delivered(ANN)
    assert told["Subject"] == "A new browser signed in to your account"
    assert "Network address: 127.0.0.1" in text(told)


def test_a_wrong_password_is_not_told_of(ann: Person) -> None:
    sign_in(Client(), "guessed")
    assert delivered(ANN) == []
