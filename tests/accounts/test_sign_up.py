"""People sign up, verify their address, sign in and reset passwords; nobody learns who has an account."""

import re
import time
from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.http import HttpResponse
from django.test import Client

from accounts.models import AccountMail, User
from tests.accounts.messages import delivered, link, text
from tests.cast import PASSWORD, Person, person

ANN = "ann@example.com"
pytestmark = pytest.mark.usefixtures("db")
FORGERY_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')


def sign_up(email: str = ANN, password: str = PASSWORD, **more: str) -> Client:
    client = Client()
    answer = client.post("/accounts/signup/", {"email": email, "password1": password, **more})
    assert answer.status_code == 302, answer.content.decode()
    return client


def test_a_new_person_is_signed_in_by_the_link_and_makes_an_organization() -> None:
    client = sign_up()
    assert client.get("/").status_code == 302
    path = link(ANN)
    assert client.get(path).status_code == 200
    assert client.post(path)["Location"] == "/"
    assert client.get("/")["Location"] == "/organizations/new"


def test_an_unverified_person_does_not_get_in() -> None:
    sign_up()
    client = Client()
    answer = client.post("/accounts/login/", {"login": ANN, "password": PASSWORD})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_following_a_link_changes_nothing_until_it_is_confirmed() -> None:
    client = sign_up()
    path = link(ANN)
    Client().get(path)
    assert not User.objects.get().emailaddress_set.get().verified  # type: ignore[attr-defined]
    client.post(path)
    assert User.objects.get().emailaddress_set.get().verified  # type: ignore[attr-defined]


def test_a_link_with_another_key_says_that_it_no_longer_works() -> None:
    assert "no longer works" in Client().get("/accounts/confirm-email/nonsense/").content.decode()


def test_addresses_differ_by_more_than_capitals() -> None:
    person(ANN)
    sign_up("Ann@Example.com")
    assert User.objects.count() == 1


def test_links_lead_to_the_configured_address_whatever_host_was_asked() -> None:
    Client(headers={"Host": "127.0.0.1"}).post("/accounts/signup/", {"email": ANN, "password1": PASSWORD})
    (message,) = delivered(ANN)
    assert "http://localhost:8000/accounts/confirm-email/" in text(message)
    assert "127.0.0.1" not in text(message)


@pytest.mark.parametrize("password", ["short", "1234567890", "password123", "ann@example.com"])
def test_a_weak_password_is_refused_with_a_reason(password: str) -> None:
    answer = Client().post("/accounts/signup/", {"email": ANN, "password1": password})
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not User.objects.exists()


def test_a_forgotten_password_is_replaced_once(db: None) -> None:
    person(ANN)
    Client().post("/accounts/password/reset/", {"email": ANN})
    client, path = Client(), link(ANN)
    form = client.get(path)["Location"]
    new = "a wholly different one"
    client.post(form, {"password1": new, "password2": new})
    assert User.objects.get().check_password(new)
    assert "no longer works" in Client().get(path).content.decode()


def test_a_changed_password_is_announced(owner: Person) -> None:
    new = "a wholly different one"
    owner.client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    owner.client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert "Network address: 127.0.0.1" in text(delivered(owner.email)[-1])


def test_a_signed_out_person_is_out(owner: Person) -> None:
    assert owner.client.get("/accounts/logout/").status_code == 200
    owner.client.post("/accounts/logout/")
    assert owner.client.get("/o/acme/members/").status_code == 302


def sign_in(email: str) -> HttpResponse:
    return Client().post("/accounts/login/", {"login": email, "password": "not the password"})  # type: ignore[return-value]


def register(email: str) -> HttpResponse:
    return Client().post("/accounts/signup/", {"email": email, "password1": PASSWORD})  # type: ignore[return-value]


def reset(email: str) -> HttpResponse:
    return Client().post("/accounts/password/reset/", {"email": email})  # type: ignore[return-value]


@pytest.mark.parametrize("ask", [sign_in, register, reset])
def test_known_and_unknown_addresses_get_the_same_answer(ask: Callable[[str], HttpResponse]) -> None:
    person(ANN)
    known, unknown = ask(ANN), ask("bob@example.com")
    assert (known.status_code, known.headers.get("Location")) == (
        unknown.status_code,
        unknown.headers.get("Location"),
    )
    assert blank(known, ANN) == blank(unknown, "bob@example.com")
    assert AccountMail.objects.count() in (0, 2)


def blank(answer: HttpResponse, email: str) -> bytes:
    return FORGERY_TOKEN.sub(b"", answer.content).replace(email.encode(), b"")


def test_who_has_an_account_is_told_by_mail_alone() -> None:
    person(ANN)
    register(ANN)
    reset("bob@example.com")
    assert "has an account already" in text(delivered(ANN)[-1])
    assert "no account has this address" in text(delivered("bob@example.com")[-1])


def test_the_fifth_wrong_password_closes_the_door_for_a_while() -> None:
    person(ANN)
    for _ in range(5):
        sign_in(ANN)
    answer = Client().post("/accounts/login/", {"login": ANN, "password": PASSWORD})
    assert answer.status_code == 200
    assert b"Too many failed" in answer.content


def test_an_authenticator_app_s_secret_is_kept_encrypted(owner: Person) -> None:
    client = owner.client
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post("/accounts/2fa/totp/activate/", {"code": code}).status_code == 302
    stored = owner.user.authenticator_set.get(type="totp").data["secret"]  # type: ignore[attr-defined]
    assert secret not in stored
    out = Client()
    answer = out.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert out.get("/accounts/2fa/authenticate/").status_code == 200
    assert out.get("/o/acme/members/").status_code == 302
