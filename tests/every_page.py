"""Every page that an owner of a filled organization can open: one address for each name in `tests.urls`.

A name whose plain address is no page is reached as people reach it: by a link of another page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import Organization
from tests.test_every_url import address
from tests.urls import FOR_TOKENS, ORGANIZATION_URLS, OTHER_URLS, OrganizationUrl, OtherUrl

LINK = re.compile(r'<a\s[^>]*?href="(/[^"#]*|\?[^"#]*)"')
# Names of no page to her who is signed in.
ELSEWHERE = ("account_login", "account_signup")


@dataclass(frozen=True, slots=True)
class Seen:
    """A page, and what it says."""

    url: str
    html: str

    def links(self) -> list[str]:
        """Return the addresses of this application to which the page links."""
        return [urljoin(self.url, unescape(found)) for found in LINK.findall(self.html)]


class Pages:
    """The pages found by name, and the names that answered with neither a page nor a file."""

    def __init__(self, client: Client, organization: Organization) -> None:
        self.client = client
        self.found: dict[str, Seen] = {}
        self.files: set[str] = set()
        self._linked: dict[str, list[str]] = {}
        for name in names():
            self._open(name, address(name, organization))
        while any(self._reach(name) for name in self.unreached()):
            """Pages that were just reached link to further ones."""

    def unreached(self) -> list[str]:
        return [name for name in names() if name not in self.found and name not in self.files]

    def _reach(self, name: str) -> bool:
        """Try what links lead to a name, until one answers."""
        return any(self._open(name, url) for url in self._linked.pop(name, []))

    def _open(self, name: str, url: str) -> bool:
        answer = self.client.get(url, follow=True)
        answer.close()
        if answer.status_code != 200:
            return False
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            self.files.add(name)
            return True
        seen = self.found[name] = Seen(_address(answer), answer.content.decode())
        for target in seen.links():
            self._linked.setdefault(_name_of(target), []).append(target)
        return True


def names() -> Iterator[str]:
    """Return the names of all that a GET of a person is for."""
    every: dict[str, OrganizationUrl | OtherUrl] = {**ORGANIZATION_URLS, **OTHER_URLS}
    for name, known in every.items():
        if known.method == "get" and known != FOR_TOKENS and name not in ELSEWHERE:
            yield name


def _address(answer: Any) -> str:
    query = answer.wsgi_request.META["QUERY_STRING"]
    return str(answer.request["PATH_INFO"]) + (f"?{query}" if query else "")


def _name_of(url: str) -> str:
    try:
        return resolve(urlsplit(url).path).view_name
    except Resolver404:
        return ""
