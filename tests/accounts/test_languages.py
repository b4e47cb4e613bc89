"""The language of an answer: the person's choice, else the browser's; programs always get English."""

import pytest
from django.test import Client

from accounts.models import Organization, User
from tests.cast import Person

GERMAN = {"Accept-Language": "de-CH,de;q=0.9"}


def test_a_visitor_is_answered_as_her_browser_asks(db: None) -> None:
    answer = Client().get("/accounts/login/", headers=GERMAN)
    assert answer["Content-Language"] == "de-ch"
    assert 'lang="de-ch"' in answer.content.decode()
    assert "Accept-Language" in answer["Vary"]


def test_a_person_s_choice_goes_before_her_browser_s(owner: Person) -> None:
    answer = owner.client.post("/accounts/language/", {"language": "fr"}, headers=GERMAN)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/language/")
    assert User.objects.get(pk=owner.user.pk).language == "fr"
    assert owner.client.get("/organizations/", headers=GERMAN)["Content-Language"] == "fr"


def test_no_choice_is_the_browser_s(owner: Person) -> None:
    User.objects.filter(pk=owner.user.pk).update(language="pl")
    owner.client.post("/accounts/language/", {"language": ""})
    assert owner.client.get("/organizations/", headers=GERMAN)["Content-Language"] == "de-ch"


def test_a_language_that_is_not_offered_is_refused(owner: Person) -> None:
    answer = owner.client.post("/accounts/language/", {"language": "xx"})
    assert answer.status_code == 422
    assert "Select a valid choice" in answer.content.decode()
    assert User.objects.get(pk=owner.user.pk).language == ""


@pytest.mark.parametrize("path", ["/api/v1/metrics", "/healthz"])
def test_programs_get_the_same_in_every_language(path: str, organization: Organization) -> None:
    german, plain = Client().get(path, headers=GERMAN), Client().get(path)
    assert german["Content-Language"] == "en"
    assert german.content == plain.content
