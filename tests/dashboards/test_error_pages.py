"""Pages for requests that cannot be served: plain words, the base's look, no query."""

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.cast import Person


@pytest.mark.parametrize("code", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_renders_without_a_request(code: str) -> None:
    html = render_to_string(f"{code}.html")
    assert "<h1>" in html
    assert 'href="/"' in html


def test_an_unknown_address_is_answered_in_words(client: Client, db: None) -> None:
    response = client.get("/nowhere/at/all/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_a_form_without_its_token_is_refused_in_words(owner: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.post("/o/acme/connections/new", {"api_key": "rk_test_51NobodyElseKnowsThis"})
    assert response.status_code == 403
    assert "This form is too old" in response.content.decode()


def test_no_page_allows_inline_scripts_or_styles(client: Client, db: None) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
