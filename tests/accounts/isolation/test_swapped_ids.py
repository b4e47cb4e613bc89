"""Another organization's ids open nothing: at every address, for every role, by every method."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Organization, Role
from accounts.tenancy import tenant
from dashboards.api import tokens
from tests.accounts.isolation.everywhere import MARK, plant_everywhere, tenants_models
from tests.cast import Person, member, recently
from tests.database import emptying
from tests.soak import FULL_SIZE, sized
from tests.test_every_url import ARGUMENT, METHODS, routes
from tests.url_examples import EXAMPLES
from tests.urls import FOR_TOKENS, ORGANIZATION_URLS, OTHER_URLS

ROLES = [Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER, Role.WITHOUT_PAYERS]
# These name no row of an organization: a person, a link or a word that every organization knows.
WORDS = {
    "slug",
    "rule",
    "vendor",
    "step",
    "reason",
    "name",
    "version",
    "month",
    "uidb36",
    "key",
    "pk",
    "token",
}
# Ids that stand in a column, and its table: any row of the other organization will do.
NAMED = {"customer_id": "cus", "stripe_id": "in"}


class Attack:
    """Asks as one person, and keeps whatever answer tells of the other organization."""

    def __init__(self) -> None:
        self.asked, self.told = 0, list[str]()

    def __call__(self, client: Client, method: str, url: str, **headers: str) -> Any:
        answer: Any = getattr(client, method)(url, headers=headers)
        content = answer.getvalue() if answer.streaming else answer.content
        self.asked += 1
        if MARK.encode() in content or MARK in str(answer.headers):
            self.told.append(f"{method} {url}")
        return answer


def theirs(name: str, ours: Organization, other: Organization) -> dict[str, object]:
    """Return what stands in an address: our name, and their rows."""
    return {
        each: EXAMPLES[each](ours if each in WORDS else other) for each in ARGUMENT.findall(routes()[name])
    }


def stored(organization: Organization) -> str:
    """Return everything in an organization's tables, to be compared."""
    connection, told = emptying(), []
    for model in sorted(tenants_models(), key=lambda one: str(one._meta.db_table)):
        statement = f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {model._meta.db_table} t"
        found = connection.execute(f"{statement} WHERE organization_id = %s".encode(), [organization.id])
        told.append(str(found.fetchone()))
    return " ".join(told)


@pytest.fixture
def addresses(
    organization: Organization, other_organization: Organization, owner: Person, other_owner: Person
) -> dict[str, dict[str, object]]:
    """Give, for each name, what stands in its address: our organization, and rows of the other."""
    names = [*ORGANIZATION_URLS, *(name for name, known in OTHER_URLS.items() if known == FOR_TOKENS)]
    return {name: theirs(name, organization, other_organization) for name in names}


@pytest.fixture
def planted(addresses: dict[str, dict[str, object]], other_organization: Organization) -> list[str]:
    return plant_everywhere(other_organization)


@pytest.mark.soak
def test_no_address_with_another_organization_s_id_tells_or_changes_anything(
    organization: Organization,
    other_organization: Organization,
    addresses: dict[str, dict[str, object]],
    planted: list[str],
    record_property: Callable[[str, object], None],
) -> None:
    people = [
        recently(member(f"{role.value}-too@acme.example", organization, role))
        for role in ROLES[:: sized(3, 1)]
    ]
    before, attack = stored(other_organization), Attack()
    for name, known in ORGANIZATION_URLS.items():
        given = addresses[name]
        # What names no row is read beside the other organization by `test_every_page`.
        for person in people if FULL_SIZE or given.keys() - WORDS else ():
            for method in METHODS[: sized(0, len(METHODS))] or [known.method]:
                answer = attack(person.client, method, reverse(name, kwargs=given))
                if given.keys() - WORDS - NAMED.keys() and method == known.method:
                    assert answer.status_code in (302, 400, 403, 404, 422), (name, answer.status_code)
                if FULL_SIZE:
                    elsewhere = reverse(name, kwargs={**given, "slug": other_organization.slug})
                    assert attack(person.client, method, elsewhere).status_code == 404, (name, method)
    assert attack.told == []
    assert stored(other_organization) == before
    record_property("canaries", len(planted))
    record_property("requests", attack.asked)


def test_a_token_of_one_organization_tells_nothing_of_another(
    organization: Organization, addresses: dict[str, dict[str, object]], planted: list[str], owner: Person
) -> None:
    attack = Attack()
    with tenant(organization.id):
        _token, text = tokens.make(organization, "a program", list(tokens.SCOPES), by=owner.user)
    for name, known in OTHER_URLS.items():
        if known == FOR_TOKENS:
            answer = attack(
                Client(), "get", reverse(name, kwargs=addresses[name]), Authorization=f"Bearer {text}"
            )
            assert answer.status_code < 500, name
    assert attack.asked > 12
    assert attack.told == []


def test_commands_for_one_organization_tell_nothing_of_another(
    organization: Organization, planted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("metrics", "movements", "customers"):
        call_command(command, organization.slug)
    told = capsys.readouterr()
    assert MARK not in told.out + told.err


def test_the_canaries_are_there_to_be_found(
    other_organization: Organization, planted: list[str], other_owner: Person
) -> None:
    assert len(planted) == len(set(planted)) >= 200
    found = set[str]()
    for page in ("api/", "privacy/activity", "members/", "connections/"):
        content = other_owner.client.get(f"/o/umbrella/{page}").content.decode()
        found |= set(re.findall(rf"{MARK}-\d+", content))
    assert len(found) >= 4
