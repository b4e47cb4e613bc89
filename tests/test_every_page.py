"""Every page of a filled organization keeps its manners, whatever its address says and whoever reads it."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import cycle
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import Organization
from tests.dashboards.at_risk import at_risk
from tests.every_page import Pages, Seen

INPUT = re.compile(r'<(?:input|select|textarea)[^>]*?\sname="([^"]+)"')
# A length or a place is for the browser, which reads numbers with a point.
COMMA = re.compile(r'\b(?:width|height|cx|cy|x|y|x1|x2|y1|y2|value|min|max|points)="-?\d+,\d')
WITHOUT_A_PAGE = {
    "converted": "one currency, and no exchange rates",
    "shared": "opened by the secret of a share link",
    "invitation": "opened by the secret of an invitation",
    "unsubscribe": "opened by the secret of an e-mail",
    "oauth_callback": "opened by Stripe",
    "mfa_deactivate_totp": "she has no second factor",
    "mfa_view_recovery_codes": "she has no second factor",
    "mfa_download_recovery_codes": "she has no second factor",
}
ODD = ["", "0", "-1", "9" * 30, "1e9", "NaN", "\0", "'; --", "%00", "../..", "2026-13", "2026-02-30", "true"]
LOCALES = ["de-CH", "en-US", "en-IN", "fr-CA", "es-MX", "it", "pt-BR", "nl", "pl", "tlh, *;q=0.1"]


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pages]:
    with django_db_blocker.unblock(), at_risk() as business:
        yield Pages(business.owner.client, Organization.objects.get(id=business.id))


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


def test_every_page_answers_in_each_locale_and_keeps_its_guards(pages: Pages) -> None:
    for seen, locale in zip(pages.found.values(), cycle(LOCALES), strict=False):
        answer = pages.client.get(seen.url, headers={"Accept-Language": locale})
        assert answer.status_code == 200, (seen.url, locale)
        assert not COMMA.search(answer.content.decode()), (seen.url, locale)
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self';" in policy, seen.url
        assert "style-src 'self'" in policy, seen.url
        assert "unsafe" not in policy, seen.url
