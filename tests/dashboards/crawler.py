"""Follow the links of numbers to their rows, over all pages, and sum these."""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from html import unescape
from urllib.parse import urljoin, urlsplit

from django.test import Client

LINK = re.compile(r'<a\s+class="opens"\s+href="([^"]+)"([^>]*)>')
DATA = re.compile(r'data-(amount-micro|count|rate)="([^"]*)"')
ROWS = re.compile(r'<tr data-amount-micro="(-?\d+)"')
NEXT = re.compile(r'<a[^>]*?href="([^"]+)"[^>]*?rel="next"')
COUNTS = re.compile(r'<tr data-part-count="(\d+)"')
TOTAL = re.compile(r'data-total-micro="(-?\d+)"')
CUSTOMER = re.compile(r'<th scope="row">\s*<a href="([^"]+)"')
# What the JSON model calls the amounts of the snapshot.
KEYS = {
    "mrr": "ending_mrr",
    "arr": "arr",
    "new": "new_mrr",
    "expansion": "expansion_mrr",
    "reactivation": "reactivation_mrr",
    "contraction": "contraction_mrr",
    "churn": "churned_mrr",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A number that opens: where, and what it says."""

    url: str
    said: dict[str, str]


@dataclass(slots=True)
class Rows:
    """What a list holds on all of its pages."""

    html: str
    amounts: list[int] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    pages: int = 0

    @property
    def total(self) -> int:
        found = TOTAL.search(self.html)
        assert found, self.html
        return int(found[1])


def numbers(html: str) -> list[Opened]:
    """Return every number of a page that opens."""
    return [Opened(unescape(url), dict(DATA.findall(attributes))) for url, attributes in LINK.findall(html)]


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def rows(client: Client, url: str) -> Rows:
    """Return the rows of a list, followed from page to page."""
    found = Rows(page(client, url))
    html, seen = found.html, set[str]()
    while True:
        found.pages += 1
        found.amounts += map(int, ROWS.findall(html))
        found.customers += map(unescape, CUSTOMER.findall(html))
        following = NEXT.search(html)
        if not following:
            return found
        url = urljoin(url, unescape(following[1]))
        assert url not in seen
        seen.add(url)
        html = page(client, url)


def held_against_its_rows(client: Client, number: Opened) -> Rows:
    """Fail unless the rows behind a number come to it."""
    found, said = rows(client, number.url), number.said
    if "amount-micro" in said:
        assert sum(found.amounts) == found.total == int(said["amount-micro"]), number
    elif "count" in said:
        parts = [int(one) for one in COUNTS.findall(found.html)]
        assert (sum(parts) if parts else len(found.amounts)) == int(said["count"]), number
    else:
        (whole,) = [one for one in numbers(found.html) if "rate" in one.said]
        assert whole.said["rate"] == said["rate"]
        assert sum(rows(client, whole.url).amounts) == int(whole.said["amount-micro"])
        rate = Fraction(sum(found.amounts), int(whole.said["amount-micro"]))
        churn = "=revenue_churn_rate" in urlsplit(number.url).query
        assert (-rate if churn else rate) == Fraction(said["rate"]), number
    return found


def compared(html: str) -> dict[str, tuple[int, str]]:
    """Return what stands beneath each figure: the earlier amount's size, and the change."""
    found = re.findall(r'data-figure="(\w+)">.*?class="figure-before">(.*?)</p>', html, re.DOTALL)
    return {
        name: (
            abs(int(numbers(text)[-1].said["amount-micro"])),
            unescape(re.sub(r"<.*?>", "", text).split()[0]),
        )
        for name, text in found
        if name in KEYS
    }
