"""What is sent for the first view of the dashboard, before the charts come."""

import gzip
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.management import call_command
from django.http import HttpResponse, HttpResponseBase
from django.test import Client, RequestFactory, override_settings

from accounts.models import Organization
from config import static_files
from config.compression import CompressionMiddleware
from dashboards.templatetags.lasting import file, htmx_script
from tests.cast import Person
from tests.dashboards.revenue import revenue

LIMIT = 150_000
ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
IMPORTED = re.compile(r'import\s*(?:[^("\']*from\s*)?["\']\./([^"\']+)["\']')


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[None]:
    """Serve static files as `make` collects them."""
    storages = static_files.storages(collected=True)
    with override_settings(STATIC_COLLECTED=tmp_path):
        call_command("collectstatic", interactive=False, verbosity=0)
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages, WHITENOISE_USE_FINDERS=False):
        forget()
        yield
    forget()


def forget() -> None:
    """Look files up again: that they are collected changes for no process but this."""
    file.cache_clear()
    htmx_script.cache_clear()


def fetched(client: Client, url: str, **headers: str) -> tuple[Any, bytes, int]:
    """Return an answer, its text as a browser reads it, and how many bytes are sent for it."""
    response = client.get(url, headers={"Accept-Encoding": "gzip, deflate, br", **headers})
    sent = b"".join(response) if response.streaming else response.content
    heads = sum(len(f"{name}: {value}\r\n") for name, value in response.items())
    text = gzip.decompress(sent) if response.get("Content-Encoding") == "gzip" else sent
    return response, text, len(sent) + heads


def assets(client: Client, html: str) -> dict[str, int]:
    """Return what a page loads at once, by size: what it names, and what its scripts import statically."""
    waiting, found = set(ASSET.findall(html)), dict[str, int]()
    while waiting - set(found):
        url = (waiting - set(found)).pop()
        response, text, found[url] = fetched(client, url)
        assert response.status_code == 200, url
        assert response["Content-Encoding"] == "gzip" or len(text) < 500, url
        assert "immutable" in response["Cache-Control"], url
        if url.endswith(".js"):
            waiting |= {f"{url.rpartition('/')[0]}/{name}" for name in IMPORTED.findall(text.decode())}
    return found


@pytest.mark.usefixtures("collected")
def test_the_first_view_is_sent_small_and_the_charts_later(owner: Person, organization: Organization) -> None:
    revenue(organization)
    client = Client()
    client.cookies = owner.client.cookies
    response, html, sent = fetched(client, "/o/acme/")
    assert (response["Content-Encoding"], b"</html>" in html) == ("gzip", True)
    assert "Accept-Encoding" in response["Vary"]
    found = assets(client, html.decode())
    assert any("/css/millrace." in url for url in found)
    assert any("/build/millrace." in url for url in found)
    assert not any("/build/charts" in url for url in found)
    assert sent + sum(found.values()) < LIMIT
    again = fetched(client, "/o/acme/")[0]
    unchanged, nothing, _ = fetched(client, "/o/acme/", **{"If-None-Match": again["ETag"]})
    assert (unchanged.status_code, nothing, unchanged["ETag"]) == (304, b"", again["ETag"])


def test_a_reader_who_unpacks_zstandard_is_sent_it_and_some_bytes_to_skip(
    owner: Person, organization: Organization
) -> None:
    skipped = set()
    for _ in range(8):
        response = owner.client.get("/o/acme/", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
        assert (response["Content-Encoding"], response["Content-Length"]) == (
            "zstd",
            str(len(response.content)),
        )
        assert "Accept-Encoding" in response["Vary"]
        frame = zstandard.ZstdDecompressor().decompressobj()
        assert frame.decompress(response.content).endswith(b"</html>\n")
        assert frame.unused_data.startswith(b"\x50\x2a\x4d\x18")
        skipped.add(len(frame.unused_data))
    assert len(skipped) > 1


def test_a_reader_who_refuses_zstandard_is_sent_gzip(owner: Person, organization: Organization) -> None:
    response = owner.client.get("/o/acme/", headers={"Accept-Encoding": "zstd;q=0, gzip"})
    assert response["Content-Encoding"] == "gzip"


def test_a_reader_who_cannot_unpack_is_sent_the_page_as_it_is(
    owner: Person, organization: Organization
) -> None:
    response = owner.client.get("/o/acme/", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in response
    assert b"</html>" in response.content


def test_a_tag_of_a_compressed_answer_is_weak() -> None:
    assert compressed(HttpResponse(b"x" * 400, headers={"ETag": '"one"'}))["ETag"] == 'W/"one"'
    assert compressed(HttpResponse(b"x" * 400, headers={"ETag": 'W/"one"'}))["ETag"] == 'W/"one"'


def test_what_is_compressed_or_cannot_be_is_sent_as_it_is() -> None:
    for content, encoding in ((b"x" * 400, "br"), (secrets.token_bytes(400), None)):
        response = HttpResponse(content, headers={"Content-Encoding": encoding} if encoding else {})
        assert compressed(response).get("Content-Encoding") == encoding
        assert response.content == content


def compressed(response: HttpResponse) -> HttpResponseBase:
    """Return an answer as it is sent to a reader who unpacks Zstandard."""
    request = RequestFactory().get("/", headers={"Accept-Encoding": "zstd"})
    return CompressionMiddleware(lambda _: response).process_response(request, response)
