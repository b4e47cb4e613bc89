"""Every URL of the project, known by name, answers each kind of person as its line in `tests.urls` says."""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Membership, Organization, Role
from tests.cast import Person, recently
from tests.role_matrix import matrix
from tests.url_examples import EXAMPLES
from tests.urls import FOR_TOKENS, ORGANIZATION_URLS, OTHER_URLS

METHODS = ["get", "head", "post", "put", "patch", "delete", "options"]
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
CANARY = "Canary Industries"
GUARDS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = {"default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"}
# What these take is proved by a signature, a secret in the address, or a token: no browser's session counts.
PROVED_OTHERWISE = {"stripe_webhook", "connect_webhook", "mail_webhook", "unsubscribe"} | {
    name for name, url in OTHER_URLS.items() if url == FOR_TOKENS
}


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


def test_outsiders_learn_nothing_about_an_organization(
    acme: Organization, stranger: Person, other_owner: Person
) -> None:
    for name in ORGANIZATION_URLS:
        url = address(name, acme)
        for outsider, method in product((stranger, other_owner), METHODS):
            answer: HttpResponse = getattr(outsider.client, method)(url)
            assert answer.status_code == 404, (method, url, outsider.email)
            assert CANARY.encode() not in answer.content, (method, url)
        for method in METHODS:
            answer = getattr(Client(), method)(url)
            assert answer.status_code == 302, (method, url)
            assert answer["Location"].startswith("/accounts/login/?next=")


def test_every_page_has_its_rows_in_the_table_of_roles() -> None:
    assert matrix().keys() == ORGANIZATION_URLS.keys()
    assert all(url.method in matrix()[name] for name, url in ORGANIZATION_URLS.items())


@pytest.mark.parametrize("name", ORGANIZATION_URLS)
def test_members_get_what_their_role_allows(
    name: str, acme: Organization, owner: Person, teammate: Person
) -> None:
    expected, url, table = ORGANIZATION_URLS[name], address(name, acme), matrix()[name]
    told = {Role.VIEWER: expected.viewer, Role.OWNER: expected.owner}
    for role, person in ((Role.VIEWER, teammate), (Role.OWNER, owner)):
        assert getattr(person.client, expected.method)(url).status_code == told[role]
        assert (told[role] != 403) == table[expected.method][role]
    for method, role in product(table, reversed(Role)):
        if method == expected.method and role in told:
            continue
        Membership.objects.update_or_create(organization=acme, user=teammate.user, defaults={"role": role})
        status = getattr(recently(teammate).client, method)(url).status_code
        assert status != 405
        assert (status != 403) == table[method][role], (method, role, status)
    for method in {"get", "post"} - table.keys():
        assert getattr(owner.client, method)(url).status_code == 405


def test_an_owner_of_one_organization_and_viewer_of_another_stays_a_viewer_there(
    acme: Organization, other_owner: Person
) -> None:
    Membership.objects.create(organization=acme, user=other_owner.user, role=Role.VIEWER)
    for name, expected in ORGANIZATION_URLS.items():
        answer = getattr(other_owner.client, expected.method)(address(name, acme))
        assert answer.status_code == expected.viewer, name


@pytest.mark.parametrize("name", OTHER_URLS)
def test_other_pages_answer_visitors_and_people(name: str, acme: Organization, stranger: Person) -> None:
    expected, url = OTHER_URLS[name], address(name, acme)
    for client, status in ((Client(), expected.visitor), (stranger.client, expected.signed_in)):
        answer: HttpResponse = getattr(client, expected.method)(url)
        assert answer.status_code == status, answer.headers.get("Location")
        assert CANARY.encode() not in answer.content


def test_every_answer_carries_the_browser_s_guards(acme: Organization, owner: Person) -> None:
    for name in (*ORGANIZATION_URLS, *OTHER_URLS):
        url = address(name, acme)
        for client in (owner.client, Client()):
            answer = client.get(url)
            assert answer.headers.items() >= GUARDS.items(), (url, answer.headers)
            assert answer["Referrer-Policy"] in ("same-origin", "no-referrer"), url
            assert "camera=()" in answer["Permissions-Policy"]
            assert set(answer["Content-Security-Policy"].split("; ")) >= POLICY, url
            assert "unsafe" not in answer["Content-Security-Policy"]
            kept = answer["Cache-Control"]
            held = kept == "private, no-cache" and "ETag" in answer and name in ORGANIZATION_URLS
            assert "no-store" in kept or held or name == "api_openapi", (url, kept)


def test_no_change_is_made_without_the_token_of_a_form(acme: Organization, owner: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = owner.client.cookies
    for name in (*ORGANIZATION_URLS, *OTHER_URLS):
        if name in PROVED_OTHERWISE:
            continue
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(address(name, acme))
            assert answer.status_code == 403, (method, name)
