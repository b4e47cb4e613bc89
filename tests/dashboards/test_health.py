"""What a load balancer asks."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, override_settings


def test_the_process_answers_without_any_server(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok\n"


def test_ready_names_everything_that_is(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok", "migrations": "ok"}


def test_not_ready_names_redis(client: Client, db: None) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["redis"] == "unreachable"


def test_not_ready_counts_migrations_to_apply(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = MigrationRecorder(connection).applied_migrations()
    behind = {key: value for key, value in applied.items() if key[0] != "metrics"}
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: behind)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"].endswith("to apply")


def test_answers_are_never_cached(client: Client, db: None) -> None:
    assert "no-store" in client.get("/healthz")["Cache-Control"]
