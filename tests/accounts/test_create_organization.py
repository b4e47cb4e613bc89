"""The command makes an organization with a verified owner, or says what is wrong."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Organization, User
from tests.cast import PASSWORD, Person

ANN = "ann@example.com"


def test_it_prints_the_slug_alone_and_the_owner_may_sign_in(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "create_organization",
        *("Blue Heron", "--owner", "Ann@Example.com", "--password", PASSWORD),
        *("--time-zone", "Europe/Paris", "--currency", "EUR"),
    )
    assert capsys.readouterr().out == "blue-heron\n"
    made = Organization.objects.get()
    assert (made.time_zone, made.currency) == ("Europe/Paris", "eur")
    client = Client()
    assert client.post("/accounts/login/", {"login": ANN, "password": PASSWORD})["Location"] == "/"
    assert client.get("/")["Location"] == "/o/blue-heron/"


def test_an_owner_who_has_an_account_keeps_it(owner: Person, capsys: pytest.CaptureFixture[str]) -> None:
    before = owner.user.password
    call_command("create_organization", "Second", "--owner", owner.email, "--password", "quite another one")
    captured = capsys.readouterr()
    assert captured.out == "second\n"
    assert "has an account already" in captured.err
    owner.user.refresh_from_db()
    assert owner.user.password == before
    assert owner.user.memberships.count() == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--owner", ANN, "--time-zone", "Mars/Base"], "no time zone 'Mars/Base'"),
        (["--owner", ANN, "--currency", "xyz"], "no currency 'xyz'"),
        (["--owner", ANN, "--password", "short"], "too short"),
        (["--owner", "ann"], "valid email address"),
        ([], "--owner"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_made(db: None, more: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as raised:
        call_command("create_organization", "Acme", *more)
    assert raised.value.returncode in (1, 2)
    assert not User.objects.exists()
    assert not Organization.objects.exists()
