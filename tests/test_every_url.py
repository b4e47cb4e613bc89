"""Every URL of the project, known by name, answers each kind of person as its line in `tests.urls` says."""

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Membership, Organization, Role
from tests.cast import Person
from tests.url_examples import EXAMPLES
from tests.urls import ORGANIZATION_URLS, OTHER_URLS

METHODS = ["get", "head", "post", "put", "patch", "delete", "options"]
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
CANARY = "Canary Industries"


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            yield route, entry


def routes() -> dict[str, str]:
    return {pattern.name or route: route for route, pattern in patterns(get_resolver())}


def address(name: str, organization: Organization) -> str:
    """Return a URL of the organization, with an example for each argument."""
    arguments = ARGUMENT.findall(routes()[name])
    return reverse(name, kwargs={each: EXAMPLES[each](organization) for each in arguments})


@pytest.fixture
def acme(organization: Organization, owner: Person, teammate: Person) -> Organization:
    organization.name = CANARY
    organization.save()
    return organization


def test_every_url_has_its_line() -> None:
    assert routes().keys() == ORGANIZATION_URLS.keys() | OTHER_URLS.keys()


def test_the_pages_of_organizations_are_those_under_their_prefix() -> None:
    under = {name for name, route in routes().items() if route.startswith("o/")}
    assert under == ORGANIZATION_URLS.keys()


@pytest.mark.parametrize("name", ORGANIZATION_URLS)
def test_outsiders_learn_nothing_about_an_organization(
    name: str, acme: Organization, stranger: Person, other_owner: Person
) -> None:
    url = address(name, acme)
    for outsider in (stranger, other_owner):
        for method in METHODS:
            answer: HttpResponse = getattr(outsider.client, method)(url)
            assert answer.status_code == 404, (method, url, outsider.email)
            assert CANARY.encode() not in answer.content
    for method in METHODS:
        answer = getattr(Client(), method)(url)
        assert answer.status_code == 302, (method, url)
        assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", ORGANIZATION_URLS)
def test_members_get_what_their_role_allows(
    name: str, acme: Organization, owner: Person, teammate: Person
) -> None:
    expected, url = ORGANIZATION_URLS[name], address(name, acme)
    assert getattr(teammate.client, expected.method)(url).status_code == expected.viewer
    assert getattr(owner.client, expected.method)(url).status_code == expected.owner


@pytest.mark.parametrize("name", [name for name, url in ORGANIZATION_URLS.items() if url.method == "post"])
def test_looking_changes_nothing(name: str, acme: Organization, owner: Person) -> None:
    assert owner.client.get(address(name, acme)).status_code == 405


@pytest.mark.parametrize("name", ORGANIZATION_URLS)
def test_an_owner_of_one_organization_and_viewer_of_another_stays_a_viewer_there(
    name: str, acme: Organization, other_owner: Person
) -> None:
    Membership.objects.create(organization=acme, user=other_owner.user, role=Role.VIEWER)
    expected = ORGANIZATION_URLS[name]
    answer = getattr(other_owner.client, expected.method)(address(name, acme))
    assert answer.status_code == expected.viewer


@pytest.mark.parametrize("name", OTHER_URLS)
def test_other_pages_answer_visitors_and_people(name: str, acme: Organization, stranger: Person) -> None:
    expected, url = OTHER_URLS[name], address(name, acme)
    for client, status in ((Client(), expected.visitor), (stranger.client, expected.signed_in)):
        answer: HttpResponse = getattr(client, expected.method)(url)
        assert answer.status_code == status, answer.headers.get("Location")
        assert CANARY.encode() not in answer.content
