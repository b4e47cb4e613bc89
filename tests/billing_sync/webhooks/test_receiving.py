import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Job, Organization
from accounts.tenancy import tenant
from benchmarks.posting import signer
from billing_sync.models import Connection, WebhookEndpoint
from billing_sync.webhooks import endpoints, receiving
from billing_sync.webhooks.receiving import LARGEST, WebhooksFirst, event_id_of
from billing_sync.webhooks.routes import AGAIN_SECONDS
from config import clock
from tests.billing_sync.webhooks.arranging import (
    OTHER_SECRET,
    deliveries,
    endpoint,
    listening,
    live_connection,
    post,
    told,
)


@pytest.fixture
def connection(organization: Organization) -> Connection:
    return live_connection(organization)


@pytest.fixture
def path(connection: Connection) -> str:
    return listening(connection)


def test_a_signed_body_is_kept_as_it_came(connection: Connection, path: str) -> None:
    body = b'  {"id": "evt_1", "strange": "\\u0000 \xff"}\n'
    assert post(path, body) == 200
    (kept,) = deliveries(connection)
    assert (bytes(kept.body), kept.processed_at) == (body, None)
    assert Job.objects.filter(kind="process_webhooks", key=str(connection.id), state="queued").exists()
    assert endpoint(connection).received_at is not None


def test_one_event_posted_again_costs_no_row(connection: Connection, path: str) -> None:
    for body in (told(1), told(2), told(1), told(1)):
        assert post(path, body) == 200
    assert [kept.event_id for kept in deliveries(connection)] == ["evt_00000001", "evt_00000002"]


def test_unknown_forged_and_stale_posts_are_refused_alike(connection: Connection, path: str) -> None:
    body = told(1)
    elsewhere = f"/webhooks/stripe/{uuid4()}/"
    forged = signer(OTHER_SECRET)(body)
    answers = {
        "unknown": post(elsewhere, body),
        "forged": post(path, body, forged),
        "unsigned": post(path, body, ""),
        "senseless": post(path, body, "t=soon,v1=me"),
    }
    for hours in (-1, 1):
        with clock.set_now(clock.now() - timedelta(hours=hours)):
            answers[f"{hours} h away"] = post(path, body)
    assert set(answers.values()) == {400}, answers
    assert deliveries(connection) == []


def test_other_methods_and_giants_are_refused(connection: Connection, path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert post(path, b" " * (LARGEST + 1)) == 413
    assert deliveries(connection) == []


def test_no_form_token_is_asked_for_at_this_address_alone(path: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    header = {"Stripe-Signature": signer(settings.SECRET_KEY)(b"{}")}
    assert strict.post(path, b"{}", content_type="application/json", headers=header).status_code == 400
    assert strict.post("/accounts/login/", {"login": "a"}).status_code == 403


def test_refused_posts_ask_the_database_once_a_second_at_most(path: str) -> None:
    post(path, told(1), "t=1,v1=0")
    began = time.monotonic()
    with CaptureQueriesContext(database) as asked:
        for number in range(50):
            assert post(path, told(number), "t=1,v1=0") == 400
            assert post(f"/webhooks/stripe/{uuid4()}/", told(number)) == 400
    statements = [query["sql"] for query in asked if "webhook" in query["sql"]]
    assert len(statements) <= 2 * ((time.monotonic() - began) / AGAIN_SECONDS + 1)
    assert not [sql for sql in statements if not sql.startswith("SELECT")]


def test_a_new_secret_counts_at_once_and_the_old_one_for_a_day(connection: Connection, path: str) -> None:
    assert post(path, told(1)) == 200
    with tenant(connection.organization_id):
        endpoints.accept(connection, OTHER_SECRET)
    time.sleep(AGAIN_SECONDS)
    assert post(path, told(2), signer(OTHER_SECRET)(told(2))) == 200
    assert post(path, told(3)) == 200
    with tenant(connection.organization_id):
        WebhookEndpoint.objects.update(previous_until=clock.now())
    receiving.routes.forget()
    assert post(path, told(4)) == 400
    assert len(deliveries(connection)) == 3


def test_a_removed_endpoint_takes_nothing(connection: Connection, path: str) -> None:
    with tenant(connection.organization_id):
        endpoints.ask(connection, WebhookEndpoint.State.REMOVING)
    receiving.routes.forget()
    assert post(path, told(1)) == 400


def test_the_secret_is_stored_encrypted(connection: Connection, path: str) -> None:
    assert b"whsec" not in bytes(endpoint(connection).secret_encrypted)


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Let nobody write to a table."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield


def test_a_body_that_could_not_be_kept_is_not_acknowledged(
    connection: Connection, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing_sync.webhooks.keeping.PATIENCE_SECONDS", 0.3)
    with locked("billing_sync_webhookdelivery"):
        assert post(path, told(1)) == 503


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        (b'{"id": "evt_1", "data": {"id": "in_1"}}', "evt_1"),
        (b'{"id": "evt_thin", "snapshot_event": "evt_1"}', "evt_1"),
        (b'{"id": "evt_thin", "snapshot_event": null}', "evt_thin"),
    ],
)
def test_a_body_is_known_by_its_event(body: bytes, identity: str) -> None:
    assert event_id_of(body) == identity


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"id": 5}', b'{"id": ""}', b"[" * 100_000])
def test_a_body_without_an_event_is_known_by_its_hash(body: bytes) -> None:
    assert event_id_of(body).startswith("sha256:")
    assert len(event_id_of(body)) < 255


def test_only_the_address_of_webhooks_is_answered_before_django() -> None:
    seen: list[str] = []

    def django(environ: dict[str, object], start: object) -> list[bytes]:
        seen.append(str(environ["PATH_INFO"]))
        return [b"page"]

    first = WebhooksFirst(django)
    for asked in ("/", "/webhooks/stripe/", f"/webhooks/stripe/{uuid4()}", f"/x/webhooks/stripe/{uuid4()}/"):
        assert first({"PATH_INFO": asked}, lambda *_: None) == [b"page"]
    assert len(seen) == 4
