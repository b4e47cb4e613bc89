"""Who gets in: real tokens of the scope, and nobody else; and how tokens are made, shown once and ended."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from config import clock
from dashboards.api import tokens
from dashboards.api.tokens import CUSTOMERS, METRICS, PAYERS
from dashboards.models import ApiToken
from tests.cast import Person
from tests.dashboards.api.programs import NOW, ROOT, Program, program

PAGE = "/o/acme/api/"
FORM = {"name": "books", "scopes": [METRICS], "days": "30"}


def opened(text: str) -> int:
    """Return what the figures answer to who shows a text as a token."""
    return Client().get(f"{ROOT}metrics", headers={"Authorization": text}).status_code


def test_a_token_opens_its_organization(reader: Program) -> None:
    assert reader.data("token")["organization"] == "acme"
    assert reader.data("token")["scopes"] == [METRICS, CUSTOMERS]


def test_nothing_else_opens_it(
    reader: Program, other_organization: Organization, other_owner: Person
) -> None:
    theirs = program(other_organization, other_owner.user)
    _, organization, secret = reader.text.split("_")
    _, other, other_secret = theirs.text.split("_")
    wrong = [
        *("", "Bearer", "Bearer ", "Bearer x", f"Basic {reader.text}", reader.text, "Bearer mr_é_é"),
        f"Bearer mr_{organization}_{other_secret}",
        f"Bearer mr_{other}_{secret}",
        f"Bearer mr_{'a' * 26}_{secret}",
        f"Bearer mr_{organization}_{'a' * 52}",
        f"Bearer {reader.text.upper()}",
        f"Bearer {reader.text} {reader.text}",
        f"Bearer mr_{organization}_{bytes(reader.token.secret_hash).hex()[:52]}",
    ]
    assert [opened(text) for text in wrong] == [401] * len(wrong)
    assert opened(f"Bearer {reader.text}") == 200


def test_a_browser_s_session_opens_nothing(owner: Person) -> None:
    response = owner.client.get(f"{ROOT}metrics")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in response.json()["detail"]


def test_a_token_that_was_revoked_or_has_expired_is_told_so(
    owner: Person, organization: Organization
) -> None:
    short = program(organization, owner.user, expires_at=clock.now() + timedelta(days=1))
    assert short.get("metrics").status_code == 200
    with clock.set_now(clock.now() + timedelta(days=1)):
        late = short.get("metrics")
    assert (late.status_code, "expired" in late.json()["detail"]) == (401, True)
    with tenant(organization.id):
        tokens.revoke(short.token, by=owner.user)
    ended = short.get("metrics")
    assert (ended.status_code, "revoked" in ended.json()["detail"]) == (401, True)
    assert ended["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("scope", "path", "missing"),
    [
        (METRICS, "customers", CUSTOMERS),
        (METRICS, "movements", CUSTOMERS),
        (CUSTOMERS, "metrics", METRICS),
        (PAYERS, "customers", CUSTOMERS),
        (PAYERS, "alerts", METRICS),
    ],
)
def test_a_scope_opens_no_more_than_it_says(
    scope: str, path: str, missing: str, owner: Person, organization: Organization
) -> None:
    refused = program(organization, owner.user, [scope]).get(path)
    assert refused.status_code == 403
    assert missing in refused.json()["detail"]
    assert refused["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{missing}"'


def test_a_refused_token_leaves_no_tenant_behind(reader: Program) -> None:
    _, organization, _ = reader.text.split("_")
    with tenant(reader.organization.id):
        assert tokens.enter(f"mr_{organization}_{'a' * 52}") is None
        with pytest.raises(Exception, match="invalid input syntax for type uuid"):
            ApiToken.objects.count()


def test_use_is_noted_once_a_minute_at_most(reader: Program) -> None:
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        with clock.set_now(NOW + timedelta(seconds=seconds)):
            reader.data("token")
        with tenant(reader.organization.id):
            assert ApiToken.objects.get().used_at == NOW + timedelta(seconds=noted)


def test_a_new_token_is_shown_once_works_and_is_written_down(
    owner: Person, organization: Organization
) -> None:
    made = owner.client.post(f"{PAGE}tokens", FORM)
    assert made.status_code == 201
    (text,) = set(re.findall(r"mr_[a-z2-7]{26}_[a-z2-7]{52}", made.content.decode()))
    assert text not in owner.client.get(PAGE).content.decode()
    assert opened(f"Bearer {text}") == 200
    with tenant(organization.id):
        token = ApiToken.objects.get()
        assert text.split("_")[2] not in str(token.__dict__)
        owner.client.post(f"{PAGE}tokens/{token.id}/revocation")
        assert [entry.action for entry in AuditEntry.objects.order_by("at")] == [
            "api_token.made",
            "api_token.revoked",
        ]
    assert opened(f"Bearer {text}") == 401


def test_a_form_without_sense_is_told_why(owner: Person, organization: Organization) -> None:
    for wrong, told in (
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": [PAYERS]}, "choose customers as well"),
        ({"scopes": ["all"]}, "Select a valid choice"),
        ({"name": ""}, "This field is required"),
        ({"days": "1000000"}, "Select a valid choice"),
    ):
        answer = owner.client.post(f"{PAGE}tokens", {**FORM, **wrong})
        assert (answer.status_code, told in answer.content.decode()) == (422, True)
    with tenant(organization.id):
        assert not ApiToken.objects.exists()


def test_there_is_an_end_to_the_number_of_tokens(
    owner: Person, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MOST", 1)
    assert owner.client.post(f"{PAGE}tokens", FORM).status_code == 201
    answer = owner.client.post(f"{PAGE}tokens", FORM)
    assert (answer.status_code, "Revoke one that is not used" in answer.content.decode()) == (422, True)


def test_a_viewer_sees_which_tokens_there_are_and_changes_none(
    reader: Program, teammate: Person, other_owner: Person
) -> None:
    shown = teammate.client.get(PAGE).content.decode()
    assert ("a program" in shown, "Make a token" in shown, "Revoke" in shown) == (True, False, False)
    ending = f"{PAGE}tokens/{reader.token.id}/revocation"
    assert teammate.client.post(ending).status_code == 403
    assert other_owner.client.post(ending).status_code == 404
    assert other_owner.client.post(ending.replace("acme", "umbrella")).status_code == 404
    assert reader.get("token").status_code == 200
