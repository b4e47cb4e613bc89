"""A viewer without payers' personal data finds none at any address, in any file, e-mail or answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Membership, Organization, Role
from accounts.tenancy import tenant
from dashboards.api import tokens
from dashboards.emails.letter import written
from dashboards.emails.masking import names
from dashboards.exports.registry import TABLES
from metrics.alerts.models import MailSettings
from tests.canaries import CANARY, plant
from tests.cast import Person, member
from tests.dashboards.at_risk import AtRisk, at_risk
from tests.every_page import Pages
from tests.test_every_url import address
from tests.urls import FOR_TOKENS, OTHER_URLS

CUSTOMER = re.compile(r"cus_\w+")


class Recorder:
    """A client that keeps where it was told of somebody."""

    def __init__(self, client: Client) -> None:
        self.client, self.asked, self.told = client, 0, set[str]()

    def get(self, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._heard(url, self.client.get(url, *args, **kwargs))

    def post(self, url: str, *args: Any, **kwargs: Any) -> Any:
        return self._heard(url, self.client.post(url, *args, **kwargs))

    def _heard(self, url: str, answer: Any) -> Any:
        content = answer.getvalue() if answer.streaming else answer.content
        self.asked += 1
        if CANARY.encode() in content or CANARY in str(answer.headers):
            self.told.add(url.partition("?")[0])
        return answer


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[AtRisk]:
    with django_db_blocker.unblock(), at_risk() as found:
        assert plant(found) > 9
        yield found


@pytest.fixture(scope="module")
def nameless(business: AtRisk) -> Person:
    organization = Organization.objects.get(id=business.id)
    return member("nameless@acme.example", organization, Role.WITHOUT_PAYERS)


def of(business: AtRisk) -> Organization:
    return Organization.objects.get(id=business.id)


def test_no_page_names_anybody_to_her_and_many_do_to_a_viewer(business: AtRisk, nameless: Person) -> None:
    hers, anyones = Recorder(nameless.client), Recorder(business.viewer.client)
    found = Pages(hers, of(business)).found  # type: ignore[arg-type]
    for seen in found.values():
        anyones.get(seen.url)
    assert hers.told == set()
    assert len(anyones.told) >= 8, anyones.told
    assert hers.asked > len(found) > 60


def test_a_customer_is_called_by_stripe_s_id(business: AtRisk, nameless: Person) -> None:
    page = nameless.client.get("/o/acme/customers/", follow=True).content.decode()
    assert CUSTOMER.search(re.sub(r"<[^>]*>", "", page))


def test_a_name_finds_nobody_for_her(business: AtRisk, nameless: Person) -> None:
    url = "/o/acme/movements/?from=2026-01-01&to=2026-11-15&currency=usd&text="
    seen = business.viewer.client.get(url + CANARY).content.decode()
    unseen = nameless.client.get(url + CANARY).content.decode()
    assert CUSTOMER.search(seen)
    assert not CUSTOMER.search(unseen)


def test_no_file_names_anybody_to_her(business: AtRisk, nameless: Person) -> None:
    hers, owners = Recorder(nameless.client), Recorder(business.owner.client)
    wanted = {"on": "2026-11-01", "month": "2026-10", "currency": "usd", "text": "cus_"}
    made = 0
    for name, table in TABLES.items():
        asked = {key: value for key, value in wanted.items() if key in table.parameters}
        for client in (owners, hers):
            answer = client.post("/o/acme/data/exports", {"table": name, "format": "csv", **asked})
            if answer.status_code == 302:
                client.get(answer["Location"])
                made += client is hers
                hers.get(answer["Location"])
    assert hers.told == set()
    assert len(owners.told) >= 3, owners.told
    assert made >= 10


def test_no_answer_of_the_api_names_anybody_to_a_token_without_that_scope(business: AtRisk) -> None:
    organization = of(business)
    scopes = [tokens.METRICS, tokens.CUSTOMERS, tokens.EXPORTS]
    with tenant(organization.id):
        _token, text = tokens.make(organization, "nameless", scopes, by=business.owner.user)
        _token, named = tokens.make(organization, "named", [*scopes, tokens.PAYERS], by=business.owner.user)
    hers = Recorder(Client(headers={"Authorization": f"Bearer {text}"}))
    known = Recorder(Client(headers={"Authorization": f"Bearer {named}"}))
    for client in (hers, known):
        for name, url in OTHER_URLS.items():
            if url == FOR_TOKENS:
                client.get(address(name, organization), {"from": "2026-01-01", "to": "2026-11-15"})
    assert hers.told == set()
    assert known.told


def test_an_e_mail_names_nobody_to_her_whatever_the_organization_lets_it_show(
    business: AtRisk, nameless: Person
) -> None:
    customer = business.mirror.company.lives[0].customer.id
    key = (business.mirror.connection_id, customer)
    told = {}

    @written("who is it")
    def compose(organization_id: Any, recipient: Any, _key: str) -> None:
        told[recipient] = names(organization_id, [key])[key]

    for reader in (nameless.user, business.viewer.user):
        with tenant(business.id):
            MailSettings.objects.update_or_create(
                organization_id=business.id, defaults={"shows_payers": True}
            )
            compose(business.id, reader, "")
    assert told[nameless.user] == customer
    assert CANARY in told[business.viewer.user]


def test_a_viewer_who_loses_the_right_loses_it_at_once(business: AtRisk) -> None:
    hers = Recorder(business.viewer.client)
    membership = Membership.objects.get(user=business.viewer.user)
    for role, sees in ((Role.WITHOUT_PAYERS, False), (Role.VIEWER, True)):
        Membership.objects.filter(id=membership.id).update(role=role)
        hers.told.clear()
        hers.get("/o/acme/customers/", follow=True)
        assert bool(hers.told) is sees
