"""What a browser loads for the first view of the dashboard, before the charts come."""

import gzip
import re

from django.contrib.staticfiles import finders

from accounts.models import Organization
from tests.cast import Person
from tests.dashboards.revenue import revenue
from tests.environment import PROJECT

LIMIT = 150_000
ASSET = re.compile(r'(?:src|href)="/static/([^"]+)"')
IMPORTED = re.compile(r'import\s*(?:[^("\']*from\s*)?["\']\./([^"\']+)["\']')


def assets(html: str) -> set[str]:
    """Return the files that a page loads at once: those it names, and what its scripts import statically."""
    found, read = set(ASSET.findall(html)), set[str]()
    while waiting := found - read:
        for name in waiting:
            read.add(name)
            if name.startswith("build/"):
                script = (PROJECT / "static" / name).read_text()
                found |= {f"build/{imported}" for imported in IMPORTED.findall(script)}
    return found


def size(name: str) -> int:
    path = finders.find(name)
    assert isinstance(path, str), name
    with open(path, "rb") as file:
        return len(gzip.compress(file.read()))


def test_the_first_view_is_light_and_the_charts_come_later(owner: Person, organization: Organization) -> None:
    revenue(organization)
    html = owner.client.get("/o/acme/").content
    names = assets(html.decode())
    assert {"css/millrace.css", "build/millrace.js"} <= names
    assert not [name for name in names if name.startswith("build/charts")]
    assert len(gzip.compress(html)) + sum(map(size, names)) < LIMIT
