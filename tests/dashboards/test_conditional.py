"""A page that a member holds is said to be unchanged, and to nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import constants
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from dashboards.models import DisplaySettings, Emphasis, SizeBucket
from metrics.definitions import set_definition
from metrics.models import CurrentBuild
from tests.cast import Person
from tests.dashboards.revenue import NOW, connect, revenue

URL = "/o/acme/"
CUSTOMERS = "/o/acme/customers/"


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


@pytest.fixture
def company(organization: Organization) -> Organization:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    revenue(organization)
    return organization


def held(client: Client, url: str = URL) -> str:
    """Open a page as a browser that has been here, and return its tag."""
    client.get(url)
    response = client.get(url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response["Vary"]
    return response["ETag"]


def again(client: Client, tag: str, url: str = URL, **headers: str) -> Any:
    return client.get(url, headers={"If-None-Match": tag, **headers})


def test_an_unchanged_page_is_not_sent_again(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    response = again(owner.client, tag)
    assert response.status_code == 304
    assert response.content == b""
    assert (response["ETag"], response["Cache-Control"]) == (tag, "private, no-cache")


def test_new_numbers_change_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    with tenant(company.id):
        CurrentBuild.objects.update(computed_at=NOW + timedelta(seconds=1))
    assert again(owner.client, tag).status_code == 200


def test_a_sync_changes_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    with tenant(company.id):
        Connection.objects.update(error="Stripe did not answer.")
    assert "Stripe did not answer." in again(owner.client, tag).content.decode()


def test_other_rules_change_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    with tenant(company.id):
        set_definition(company.id, {"churn_at": "cancellation_request"})
    assert again(owner.client, tag).status_code == 200


def test_what_stands_first_changes_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    with tenant(company.id):
        DisplaySettings.objects.create(organization=company, emphasis=Emphasis.MRR)
    assert again(owner.client, tag).status_code == 200


def test_sizes_change_the_page_of_customers(owner: Person, company: Organization) -> None:
    tag = held(owner.client, CUSTOMERS)
    assert again(owner.client, tag, CUSTOMERS).status_code == 304
    with tenant(company.id):
        SizeBucket.objects.create(organization=company, from_minor=0)
    assert again(owner.client, tag, CUSTOMERS).status_code == 200


def test_a_minute_changes_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    with clock.set_now(NOW + timedelta(minutes=1)):
        assert again(owner.client, tag).status_code == 200


def test_another_region_is_another_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    swiss = again(owner.client, tag, **{"Accept-Language": "de-CH"})
    assert (swiss.status_code, swiss["Content-Language"]) == (200, "de-ch")
    assert again(owner.client, swiss["ETag"], **{"Accept-Language": "de"}).status_code == 200
    assert "Accept-Language" in swiss["Vary"]


def test_another_role_is_another_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    Membership.objects.filter(user=owner.user).update(role=Role.VIEWER)
    assert again(owner.client, tag).status_code == 200


def test_a_name_of_the_header_changes_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    Organization.objects.update(name="Acme of Old")
    assert "Acme of Old" in again(owner.client, tag).content.decode()


def test_a_fragment_is_not_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    assert again(owner.client, tag, **{"HX-Request": "true"}).status_code == 200
    assert again(owner.client, tag, url=f"{URL}?span=6").status_code == 200
    fragment = owner.client.get(URL, headers={"HX-Request": "true"})["ETag"]
    asked = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b"<html" in again(owner.client, fragment, **asked).content


def test_a_new_address_of_hers_changes_the_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    User.objects.filter(pk=owner.user.pk).update(email="other@acme.example")
    assert again(owner.client, tag).status_code == 200


def test_a_teammate_s_tag_opens_nothing(owner: Person, teammate: Person, company: Organization) -> None:
    held(teammate.client)
    assert again(teammate.client, held(owner.client)).status_code == 200


def test_whoever_is_no_member_is_told_nothing(
    owner: Person, stranger: Person, other_owner: Person, company: Organization
) -> None:
    tag = held(owner.client)
    assert again(stranger.client, tag).status_code == 404
    assert again(other_owner.client, tag).status_code == 404
    assert again(Client(), tag).status_code == 302
    Membership.objects.filter(user=owner.user).delete()
    assert again(owner.client, tag).status_code == 404


def test_a_new_token_for_forms_is_another_page(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    owner.client.cookies["csrf"] = "b" * 32
    assert again(owner.client, tag).status_code == 200


def test_a_message_is_told_once_and_not_held(owner: Person, company: Organization) -> None:
    tag = held(owner.client)
    sent = HttpResponse()
    told = CookieStorage(RequestFactory().get(URL))
    told.add(constants.SUCCESS, "Saved for once.")
    told.update(sent)
    owner.client.cookies["messages"] = sent.cookies["messages"].value
    response = again(owner.client, tag)
    assert "Saved for once." in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert again(owner.client, tag).status_code == 304


def test_a_page_in_another_currency_s_rates_is_not_held(owner: Person, company: Organization) -> None:
    owner.client.get(f"{URL}?in=eur")
    assert "ETag" not in owner.client.get(f"{URL}?in=eur")


def test_a_wrong_address_is_not_held(owner: Person, company: Organization) -> None:
    held(owner.client)
    response = owner.client.get(f"{URL}?month=2026-13")
    assert response.status_code == 400
    assert "ETag" not in response


def test_signing_out_forgets_what_is_held(owner: Person, company: Organization) -> None:
    held(owner.client)
    assert owner.client.post(reverse("account_logout"))["Clear-Site-Data"] == '"cache"'
