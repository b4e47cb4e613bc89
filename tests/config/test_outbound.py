"""Requests go where the operator's environment says, and nowhere else: nobody can have an address fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import models
from django.urls import get_resolver

from metrics.exchange.fetching import NoAnswerError, download
from tests.cast import PASSWORD, person
from tests.config.test_imports import ROOMS, imported, modules

SPEAKING = {"aiohttp", "ftplib", "httpx", "requests", "smtplib", "socket", "ssl", "stripe", "urllib3"}
OF_PYTHON = ("http.client", "urllib.request")
# Who may, and whom they reach; the host is a setting each time.
KNOWN = {
    "billing_sync/stripe_client.py": "STRIPE_API_BASE",
    "billing_sync/keepalive.py": "what the Stripe client asks for",
    "metrics/exchange/fetching.py": "ECB_RATES_URL",
    "accounts/mail.py": "the errors of a mail server",
    "accounts/outbox.py": "the errors of a mail server",
    "accounts/leases.py": "this machine's name",
}
# Servers for this machine and for tests: they listen, or wait for a neighbour on loopback.
LOCAL = ("config/embedded/", "config/management/", "billing_sync/sandbox/")


def speaking() -> set[str]:
    """Return the modules that could reach the network."""
    return {
        name
        for room in ROOMS
        for name, tree in modules(room)
        for target in imported(name, tree)
        if (target.split(".")[0] in SPEAKING or target in OF_PYTHON) and not name.startswith(LOCAL)
    }


def test_these_modules_make_requests_and_no_other_could() -> None:
    assert speaking() == KNOWN.keys()
    connecting = [
        name
        for room in ROOMS
        for name, tree in modules(room)
        if "billing_sync.keepalive" in imported(name, tree)
    ]
    assert connecting == ["billing_sync/stripe_client.py"]


def every(kind: type[Any]) -> list[type[Any]]:
    return [one for direct in kind.__subclasses__() for one in (direct, *every(direct))]


def test_no_form_and_no_table_takes_an_address_to_fetch() -> None:
    assert get_resolver().url_patterns, "This imports every view, and with it every form."
    ours = [form for form in every(forms.BaseForm) if form.__module__.split(".")[0] in ROOMS]
    assert len(ours) > 9
    fields = [(form, field) for form in ours for field in getattr(form, "base_fields", {}).values()]
    assert not [form for form, field in fields if isinstance(field, forms.URLField)]
    columns = [column for model in apps.get_models() for column in model._meta.get_fields()]
    assert not [column for column in columns if isinstance(column, models.URLField)]


@pytest.mark.parametrize(
    "elsewhere", ["http://169.254.169.254/", "//metadata.internal", "file:///etc/passwd"]
)
def test_where_to_go_next_stays_on_this_host(db: None, elsewhere: str) -> None:
    somebody = person("ann@example.com")
    somebody.client.logout()
    answer = somebody.client.post(
        "/accounts/login/", {"login": somebody.email, "password": PASSWORD, "next": elsewhere}
    )
    assert answer["Location"] == "/"


@contextmanager
def serving(answers: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Serve redirects by path, and keep what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302 if self.path in answers else 200)
            self.send_header("Location", answers.get(self.path, ""))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_a_server_leads_to_no_other_host() -> None:
    with serving({}) as (inside, reached), serving({"/": f"{inside}/latest/meta-data"}) as (bank, _asked):
        with pytest.raises(NoAnswerError, match="answered 302"):
            download(bank)
        assert reached == []


def test_a_server_may_lead_to_another_address_of_its_own_and_not_forever() -> None:
    with serving({"/": "/moved", "/round": "/round"}) as (bank, asked):
        download(bank)
        assert asked == ["/", "/moved"]
        with pytest.raises(NoAnswerError, match="answered 302"):
            download(f"{bank}/round")
