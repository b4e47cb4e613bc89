"""Links to the investor view: who gets in, what they see, and how links are made, shown once and ended."""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import tenant
from config import clock
from dashboards import sharing
from dashboards.models import ShareLink
from metrics.models import MonthlyRevenue
from tests.cast import Person, member
from tests.dashboards.revenue import NOW, revenue

PAGE = "/o/acme/investor/links/"
FORM = {"label": "First Fund", "shown": "eur", "days": "30"}


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


@pytest.fixture
def company(organization: Organization) -> Organization:
    revenue(organization)
    return organization


def link(
    organization: Organization,
    owner: Person,
    *,
    days: int = 30,
    currency: str = "eur",
    converted: bool = False,
) -> tuple[ShareLink, str]:
    """Make a link, and return it with the path of its address."""
    with tenant(organization.id):
        made, address = sharing.make(
            organization, "First Fund", currency, days, by=owner.user, converted=converted
        )
    return made, urlsplit(address).path


def test_a_link_shows_the_figures_to_anyone(owner: Person, company: Organization) -> None:
    _, path = link(company, owner)
    response = Client().get(path)
    html = response.content.decode()
    assert response.status_code == 200
    assert "Acme" in html
    assert "€136,840.00" in html
    assert "Definition version 1" in html
    assert "Shared by link until 21 December 2026." in html


def test_a_shared_page_leads_nowhere_and_is_kept_nowhere(owner: Person, company: Organization) -> None:
    _, path = link(company, owner)
    for client in (Client(), owner.client):
        response = client.get(path)
        html = response.content.decode()
        assert response["Cache-Control"] == "private, no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
        assert 'name="robots" content="noindex' in html
        assert not re.findall(r"<(?:a|form|script|button|nav)\b", html)
        assert "/o/acme" not in html
        assert owner.email not in html
        assert "First Fund" not in html
        assert not response.cookies


def test_every_link_that_opens_nothing_is_told_the_same(
    owner: Person, company: Organization, other_organization: Organization, other_owner: Person
) -> None:
    made, path = link(company, owner)
    revoked, revoked_path = link(company, owner)
    _, late = link(company, owner, days=1)
    _, theirs = link(other_organization, other_owner)
    with tenant(company.id):
        sharing.revoke(revoked, by=owner.user)
    secret, other = path.split(".")[1], theirs.split(".")[1]
    wrong = [
        "/share/guessed/",
        f"/share/{company.id}/",
        f"/share/{company.id}.{other}",
        f"/share/{other_organization.id}.{secret}",
        f"/share/{UUID(int=1)}.{secret}",
        f"/share/{company.id}.{'a' * 43}/",
        f"/share/{company.id}.{bytes(made.secret_hash).hex()[:43]}/",
        path.upper().replace("/SHARE/", "/share/"),
        revoked_path,
        late,
    ]
    with clock.set_now(NOW + timedelta(days=1)):
        answers = [Client().get(one) for one in wrong]
        assert Client().get(path).status_code == 200
    assert {(one.status_code, one.content, one["Cache-Control"]) for one in answers} == {
        (404, answers[0].content, "private, no-store")
    }
    assert "Ask whoever sent it for another." in answers[0].content.decode()


def test_a_link_that_opens_nothing_leaves_no_tenant_behind(owner: Person, company: Organization) -> None:
    made, path = link(company, owner)
    with tenant(company.id):
        sharing.revoke(made, by=owner.user)
        assert sharing.enter(path.removeprefix("/share/").rstrip("/")) is None
        with pytest.raises(Exception, match="invalid input syntax for type uuid"):
            ShareLink.objects.count()


def test_a_new_link_is_shown_once_and_written_down(owner: Person, company: Organization) -> None:
    answer = owner.client.post(f"{PAGE}creation", FORM)
    assert answer.status_code == 201
    (address,) = re.findall(r"data-address>(.+?)<", answer.content.decode())
    assert address not in owner.client.get(PAGE).content.decode()
    path = urlsplit(address).path
    for _ in range(2):
        assert Client().get(path).status_code == 200
    with tenant(company.id):
        made = ShareLink.objects.get()
        assert path.split(".")[1].rstrip("/") not in str(made.__dict__)
        assert made.expires_at == NOW + timedelta(days=30)
    for _ in range(2):
        owner.client.post(f"{PAGE}{made.id}/revocation")
    assert Client().get(path).status_code == 404
    with tenant(company.id):
        entries = list(AuditEntry.objects.order_by("id"))
        assert sorted((one.action, one.actor_id) for one in entries) == [
            ("share_link.made", owner.user.pk),
            ("share_link.opened_first", None),
            ("share_link.revoked", owner.user.pk),
        ]
        assert {one.subject for one in entries} == {str(made.id)}


def test_opening_is_noted_once_a_minute_at_most(owner: Person, company: Organization) -> None:
    _, path = link(company, owner)
    Client().head(path)
    with tenant(company.id):
        assert ShareLink.objects.get().opened_at is None
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        with clock.set_now(NOW + timedelta(seconds=seconds)):
            Client().get(path)
        with tenant(company.id):
            assert ShareLink.objects.get().opened_at == NOW + timedelta(seconds=noted)


def test_the_list_says_who_made_a_link_and_how_it_stands(
    owner: Person, teammate: Person, company: Organization
) -> None:
    _, path = link(company, owner)
    Client().get(path)
    html = teammate.client.get(PAGE).content.decode()
    for words in (
        "First Fund",
        f"Made on 21 November 2026 by {owner.email}.",
        "Last opened 21 November 2026, 12:00 UTC.",
        "Expires 21 December 2026, 12:00 UTC.",
        "In force",
    ):
        assert words in html
    with clock.set_now(NOW + timedelta(days=30)):
        assert "Expired on 21 December 2026." in teammate.client.get(PAGE).content.decode()


def test_only_admins_make_and_revoke_links(owner: Person, teammate: Person, company: Organization) -> None:
    made, path = link(company, owner)
    somebody = member("member@acme.example", company, Role.MEMBER)
    for person in (teammate, somebody):
        assert person.client.post(f"{PAGE}creation", FORM).status_code == 403
        assert person.client.post(f"{PAGE}{made.id}/revocation").status_code == 403
        assert "Make a link" not in person.client.get(PAGE).content.decode()
    admin = member("admin@acme.example", company, Role.ADMIN)
    assert admin.client.post(f"{PAGE}creation", FORM).status_code == 201
    assert Client().get(path).status_code == 200


def test_a_form_without_sense_is_told_why(owner: Person, company: Organization) -> None:
    for wrong, told in (
        ({"label": ""}, "Say whom it is for"),
        ({"days": "0"}, "between 1 and 366"),
        ({"days": "367"}, "between 1 and 366"),
        ({"days": "soon"}, "between 1 and 366"),
        ({"days": ""}, "between 1 and 366"),
        ({"shown": "usd"}, "Select a valid choice"),
    ):
        answer = owner.client.post(f"{PAGE}creation", {**FORM, **wrong})
        assert (answer.status_code, told in answer.content.decode()) == (422, True), wrong
    with tenant(company.id):
        assert not ShareLink.objects.exists()


def test_there_is_an_end_to_the_number_of_links(
    owner: Person, company: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MOST", 1)
    assert owner.client.post(f"{PAGE}creation", FORM).status_code == 201
    answer = owner.client.post(f"{PAGE}creation", FORM)
    assert (answer.status_code, "Revoke one that is not used" in answer.content.decode()) == (422, True)


def test_a_link_goes_on_answering_when_its_figures_cannot_be_told(
    owner: Person, company: Organization
) -> None:
    _, converted = link(company, owner, currency="usd", converted=True)
    _, gone = link(company, owner, currency="gbp")
    assert "An exchange rate is missing." in Client().get(converted).content.decode()
    assert "There are no figures to show yet." in Client().get(gone).content.decode()
    with tenant(company.id):
        MonthlyRevenue.objects.all().delete()
    assert "There are no figures to show yet." in Client().get(converted).content.decode()
