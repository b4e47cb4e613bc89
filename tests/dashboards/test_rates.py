"""The exchange rates' page: who may add some, what is refused, what is missing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from accounts.jobs import run_until_idle
from accounts.models import AuditEntry, Organization
from accounts.tenancy import tenant
from billing_sync.models import Connection
from config import clock
from metrics.exchange.models import ExchangeRate
from tests.cast import Person
from tests.dashboards.revenue import NOW, add_revenue, computed, connect, revenue
from tests.dashboards.test_statements import statements
from tests.metrics.exchange.files import REFERENCE, central_bank, monthly

URL = "/o/acme/audit/rates/"


@pytest.fixture(autouse=True)
def present() -> Iterator[None]:
    with clock.set_now(NOW):
        yield


def upload(person: Person, content: bytes) -> Any:
    file = SimpleUploadedFile("rates.csv", content)
    return person.client.post(URL + "upload", {"file": file}, follow=True)


def test_an_uploaded_file_is_told_and_entered_in_the_log(owner: Person, organization: Organization) -> None:
    html = upload(owner, REFERENCE).content.decode()
    assert "5 rates were read. 5 of them are new or differ from what was known." in html
    assert ">JPY</td>" in html
    with tenant(organization.id):
        assert AuditEntry.objects.get(action="exchange_rates.uploaded").details == {"rates": 5, "changed": 5}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"date,base,quote,rate\n2026-10-30,eur,usd,0\n2026-10-29,eur,usd,1\n", "Line 2:"),
        (b"", "The file is empty. Choose a file of rates."),
        (b"x" * 20_000_001, "The file has more than 20 MB."),
    ],
)
def test_a_wrong_file_is_refused_whole(
    owner: Person, organization: Organization, content: bytes, words: str
) -> None:
    response = upload(owner, content)
    assert (response.status_code, words in response.content.decode()) == (400, True)
    with tenant(organization.id):
        assert not ExchangeRate.objects.exists()


def test_a_viewer_sees_the_rates_and_no_form(owner: Person, teammate: Person) -> None:
    upload(owner, REFERENCE)
    html = teammate.client.get(URL).content.decode()
    assert ">JPY</td>" in html
    assert 'type="file"' not in html
    assert upload(teammate, REFERENCE).status_code == 403


def test_the_page_tells_which_rates_the_organizations_currency_lacks(
    owner: Person, organization: Organization
) -> None:
    revenue(organization)
    html = owner.client.get(URL).content.decode()
    assert "Missing for all currencies in USD" in html
    assert "EUR → USD, 30 September 2026" in html
    upload(owner, monthly("eur/usd", jul="1.1", aug="1.1", sep="1.1", oct="1.1", now="1.1"))
    assert "Missing" not in owner.client.get(URL).content.decode()


def test_the_central_banks_file_is_read_on_request_and_its_failure_shown(
    owner: Person, organization: Organization, settings: Settings
) -> None:
    assert "The file is being read" in owner.client.post(URL + "fetch", follow=True).content.decode()
    with central_bank(b"", 503) as settings.ECB_RATES_URL:
        run_until_idle(organization.id)
    assert "answered 503 in place of the file" in owner.client.get(URL).content.decode()
    owner.client.post(URL + "fetch")
    with central_bank(REFERENCE) as settings.ECB_RATES_URL:
        run_until_idle(organization.id)
    assert "the newest rates are of 30 October 2026." in owner.client.get(URL).content.decode()


def test_the_page_asks_little(owner: Person, organization: Organization) -> None:
    connect(organization, Connection.State.LIVE, imported_at=NOW, data_through=NOW)
    key = computed(organization)
    for currency in ("eur", "jpy", "usd"):
        add_revenue(organization, key, currency)
    upload(owner, REFERENCE)
    asked = statements(owner, URL)
    assert len(asked) <= 12, "\n".join(asked)
