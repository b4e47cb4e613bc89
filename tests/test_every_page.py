"""Every page of a filled organization keeps its manners, whatever its address says and whoever reads it."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import cycle
from typing import Any, cast
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Membership, Organization, Role
from accounts.tenancy import tenant
from config import translations
from dashboards.api import tokens
from dashboards.emails.letter import written
from dashboards.emails.masking import names
from dashboards.exports.registry import TABLES
from metrics.alerts.models import MailSettings
from tests.accounts.isolation.everywhere import plant_everywhere
from tests.canaries import CANARY, Recorder, plant
from tests.cast import Person, make_organization, member
from tests.dashboards.at_risk import AtRisk, at_risk
from tests.dashboards.crawler import Opened, held_against_its_rows, numbers, rows
from tests.digests import WRITTEN_BY_READING, digest
from tests.every_page import Pages, Seen
from tests.test_every_url import address
from tests.urls import FOR_TOKENS, OTHER_URLS

INPUT = re.compile(r'<(?:input|select|textarea)[^>]*?\sname="([^"]+)"')
# A length or a place is for the browser, which reads numbers with a point.
COMMA = re.compile(r'\b(?:width|height|cx|cy|x|y|x1|x2|y1|y2|value|min|max|points)="-?\d+,\d')
CUSTOMER = re.compile(r"cus_\w+")
WITHOUT_A_PAGE = {
    "converted": "one currency, and no exchange rates",
    "payback_customers": "no key of a channel is named",
    "payback_spend": "no table of spend is in force",
    "shared": "opened by the secret of a share link",
    "invitation": "opened by the secret of an invitation",
    "unsubscribe": "opened by the secret of an e-mail",
    "oauth_callback": "opened by Stripe",
    "mfa_deactivate_totp": "she has no second factor",
    "mfa_view_recovery_codes": "she has no second factor",
    "mfa_download_recovery_codes": "she has no second factor",
}
# The month that is closed for the addresses was published by invention.
WITH_NUMBERS = {
    *("dashboard", "investor", "customers", "exposure", "payments", "calendar", "cohorts", "plans"),
    *("trials", "clean", "excluded", "bridge", "glossary"),
}
SCRIPT = re.compile(r"<(script|style|code|pre)\b.*?</\1>", re.DOTALL)
FOREIGN = re.compile(r"""<(\w+)[^>]*\slang="en"[^>]*>.*?</\1>""", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
SENTENCE = re.compile(r"(?=.* )[^%{<]{13,}")
# Words of English that are no words of the other seven languages.
ENGLISH = re.compile(r"(?i)[^|]*\b(?:the|and|which|with|this|from|are)\b[^|]*")
ODD = ["", "0", "-1", "9" * 30, "1e9", "NaN", "\0", "'; --", "%00", "../..", "2026-13", "2026-02-30", "true"]
LOCALES = ["de-CH", "en-US", "en-IN", "fr-CA", "es-MX", "it", "pt-BR", "nl", "pl", "tlh, *;q=0.1"]


@pytest.fixture(scope="module")
def business(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[AtRisk]:
    with django_db_blocker.unblock(), at_risk() as found:
        assert plant(found) > 9
        other = make_organization("umbrella")
        member("owner@umbrella.example", other, Role.OWNER)
        assert len(plant_everywhere(other)) >= 200
        yield found


@pytest.fixture(scope="module")
def pages(business: AtRisk) -> Pages:
    return Pages(Recorder(business.owner.client), of(business))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def nameless(business: AtRisk) -> Person:
    return member("nameless@acme.example", of(business), Role.WITHOUT_PAYERS)


def english_of(language: str) -> list[str]:
    """Return the sentences and labels that are said otherwise in a language."""
    known = ((one.id, one.string) for one in translations.translated(language))
    return [
        said for said, told in known if isinstance(said, str) and said != told and SENTENCE.fullmatch(said)
    ]


def plain(html: str) -> str:
    """Return what a page says in its reader's language: parts marked as another's are left out."""
    own = FOREIGN.sub(" ", SCRIPT.sub(" ", html))
    return " ".join(unescape(TAG.sub(" | ", own)).split())


def of(business: AtRisk) -> Organization:
    return Organization.objects.get(id=business.id)


def parameters(seen: Seen) -> dict[str, list[str]]:
    """Return the parameters that a page's own links and inputs name, and the values that they give."""
    own = urlsplit(seen.url).path
    found: dict[str, list[str]] = {name: [] for name in INPUT.findall(unescape(seen.html))}
    for link in map(urlsplit, seen.links()):
        for name, value in parse_qsl(link.query) if link.path == own else ():
            found.setdefault(name, []).append(value)
    return found


def test_every_address_is_a_page_or_a_file_or_has_its_reason(pages: Pages) -> None:
    assert sorted(pages.unreached()) == sorted(WITHOUT_A_PAGE)


def test_no_parameter_makes_a_page_fail(pages: Pages) -> None:
    asked = {name: parameters(seen) for name, seen in pages.found.items()}
    usual = sorted({parameter for known in asked.values() for parameter in known})

    @settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data(), name=st.sampled_from(sorted(pages.found)))
    def ask(data: DataObject, name: str) -> None:
        known, url = asked[name], urlsplit(pages.found[name].url)
        chosen = st.sampled_from(sorted(known) or usual) | st.sampled_from(usual)
        given = dict(parse_qsl(url.query))
        for parameter in data.draw(st.lists(chosen, min_size=1, max_size=3)):
            values = st.sampled_from([*known.get(parameter, []), *ODD])
            given[parameter] = data.draw(values | st.text(max_size=9))
        answer = pages.client.get(url.path, given)
        answer.close()
        assert answer.status_code in (200, 302, 400, 404), (name, given)

    ask()


def test_every_page_answers_in_each_locale_keeps_its_guards_and_changes_nothing(
    business: AtRisk, pages: Pages
) -> None:
    before = digest(business.id)
    for seen, locale in zip(pages.found.values(), cycle(LOCALES), strict=False):
        answer = pages.client.get(seen.url, headers={"Accept-Language": locale})
        assert answer.status_code == 200, (seen.url, locale)
        assert not COMMA.search(answer.content.decode()), (seen.url, locale)
        policy = answer["Content-Security-Policy"]
        # Its parts come in any order.
        assert {"script-src 'self'", "style-src 'self'"} <= set(policy.split("; ")), seen.url
        assert "unsafe" not in policy, seen.url
        assert '"allowEval": false' in seen.html, seen.url
        assert '"historyCacheSize": 0' in seen.html, seen.url
    after = digest(business.id)
    assert not {table for table in after if after[table] != before[table]} - WRITTEN_BY_READING.keys()


def test_no_page_speaks_english_to_who_reads_another_language(pages: Pages) -> None:
    found, english = [], [(one, english_of(one)) for one in translations.languages()]
    for seen, (language, sentences) in zip(pages.found.values(), cycle(english), strict=False):
        html = pages.client.get(seen.url, headers={"Accept-Language": language}).content.decode()
        told = plain(html)
        found += [(seen.url, language, one) for one in [*sentences, *ENGLISH.findall(told)] if one in told]
    assert found == []


def test_every_number_of_every_page_opens_rows_that_sum_to_it(business: AtRisk, pages: Pages) -> None:
    found = {
        (urljoin(seen.url, one.url), *one.said.items()): (name, Opened(urljoin(seen.url, one.url), one.said))
        for name, seen in pages.found.items()
        for one in numbers(seen.html)
        if one.said and name != "closed_month"
    }
    for name, one in found.values():
        if name == "payments" and "amount-micro" in one.said:
            # Its lists tell rows and no sum.
            assert sum(rows(business.owner.client, one.url).amounts) == int(one.said["amount-micro"]), one
        else:
            held_against_its_rows(business.owner.client, one)
    assert {name for name, seen in pages.found.items() if numbers(seen.html)} >= WITH_NUMBERS


def test_no_page_names_anybody_to_her_and_many_do_to_an_owner(pages: Pages, nameless: Person) -> None:
    owners, hers = cast(Recorder, pages.client), Recorder(nameless.client)
    for url in sorted(owners.opened):
        hers.get(url, follow=True)
    # Whatever else was opened before: she opens all but what her role may not.
    kept = {url.partition("?")[0] for url in owners.opened} - {url.partition("?")[0] for url in hers.opened}
    assert (len(kept), len(hers.opened) >= 89) == (15, True), kept
    assert hers.told == set()
    assert len(owners.told) >= 8, owners.told


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
