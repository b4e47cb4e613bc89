"""How requests are read and answered: strictly, with problems that say what to do, tags and limits."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from redis import Redis

from accounts.models import Organization
from accounts.tenancy import tenant
from config import clock
from dashboards.api import limits
from metrics.definitions import set_definition
from metrics.models import CurrentBuild, Definition
from tests.cast import Person
from tests.dashboards.api.programs import NOW, ROOT, Program, program
from tests.dashboards.revenue import revenue


def problem(response: Any, status: int) -> str:
    """Return what a problem says, which must be one of a status."""
    told = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert response["Cache-Control"] == "private, no-store"
    assert (response.status_code, told["status"], told["type"]) == (status, status, "about:blank")
    return str(told["detail"])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("metrics?mnth=2026-10", "There is no parameter mnth here. There are: constant, currency, in, month"),
        ("definition?x=1", "There is no parameter x here"),
        ("metrics?month=2026-10&month=2026-09", "month is given twice"),
        ("metrics?month=2026-1", "is not a month. Write it as YYYY-MM"),
        ("metrics?month=0001-01", "before 1900"),
        ("metrics?months=0", "greater than or equal to 1"),
        ("metrics?months=1_0", "months: Write a whole number in digits"),
        ("metrics?months=1201", "less than or equal to 1200"),
        ("metrics?currency=EUR", "three small letters"),
        ("metrics?constant=true", "goes with in="),
        ("metrics?in=eur&currency=eur", "give one of the two"),
        ("movements?limit=1001", "less than or equal to 1000"),
        ("movements?kind=sale", "'new', 'expansion'"),
        ("movements?from=2026-02-30", "is not a day"),
        ("movements?from=2026-02-03&to=2026-02-01", "`from` lies after `to`"),
        ("movements?connection=7", "connection"),
        ("movements?customer=", "printable"),
        ("movements?cursor=x", "Leave it out to begin again"),
        ("movements?cursor=WyJhIl0", "Leave it out to begin again"),
        ("alerts?firing=yes", "true or false"),
    ],
)
def test_a_wrong_parameter_is_told_how_it_is_written(reader: Program, path: str, words: str) -> None:
    assert words in problem(reader.get(path), 400)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("metrics?month=2100-01", "has not begun"),
        ("metrics?currency=chf", "There is no recurring revenue in chf. There is some in: eur."),
        ("metrics?in=xyz", "xyz is not a currency"),
        ("customers?on=2100-01-01", "has not begun"),
        ("customers/00000000-0000-0000-0000-000000000000/cus_1", "no such customer"),
        ("customers/1/cus_1", "nothing at this address"),
        ("nothing", "nothing at this address"),
        ("metrics/", "nothing at this address"),
    ],
)
def test_what_is_not_there_is_told_so(
    reader: Program, organization: Organization, path: str, words: str
) -> None:
    revenue(organization)
    assert words in problem(reader.get(path), 404)


def test_a_lacking_rate_is_named(reader: Program, organization: Organization) -> None:
    revenue(organization)
    assert "exchange rates" in problem(reader.get("metrics?in=chf"), 409)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "head"])
def test_nothing_but_reading_is_allowed(reader: Program, method: str) -> None:
    response = getattr(reader.client, method)(f"{ROOT}metrics")
    assert (response.status_code, response["Allow"]) == (405, "GET")


def test_a_failure_is_a_problem_without_a_word_of_its_cause(
    reader: Program, organization: Organization
) -> None:
    revenue(organization)
    with tenant(organization.id):
        Definition.objects.update(settings={"secret_setting": 1})
    failing = Client(raise_request_exception=False)
    response = failing.get(f"{ROOT}definition", headers={"Authorization": f"Bearer {reader.text}"})
    assert "Try again" in problem(response, 500)
    assert b"secret_setting" not in response.content


def test_what_has_not_changed_is_not_sent_again(reader: Program, organization: Organization) -> None:
    revenue(organization)
    with clock.set_now(NOW):
        first = reader.get("metrics")
        held = {"If-None-Match": first["ETag"]}
        assert first["Cache-Control"] == "private, no-cache"
        assert "Authorization" in first["Vary"]
        again = reader.get("metrics", **held)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
        assert reader.get("metrics", None, **{"If-None-Match": f"W/{first['ETag']}"}).status_code == 304
        assert reader.get("plans", **held).status_code == 200
    with clock.set_now(NOW + timedelta(days=1)):
        assert reader.get("metrics", **held).status_code == 200
    with clock.set_now(NOW), tenant(organization.id):
        CurrentBuild.objects.update(computed_at=NOW)
    with clock.set_now(NOW):
        held = {"If-None-Match": reader.get("metrics")["ETag"]}
        with tenant(organization.id):
            set_definition(organization.id, {"churn_at": "cancellation_request"})
        assert reader.get("metrics", **held).status_code == 200


def test_a_tag_opens_nothing_to_another_program(
    reader: Program, organization: Organization, owner: Person
) -> None:
    tag = {"If-None-Match": reader.get("metrics")["ETag"]}
    other = program(organization, owner.user)
    assert other.get("metrics", **tag).status_code == 200
    assert Client().get(f"{ROOT}metrics", headers=tag).status_code == 401


def test_converted_figures_tell_of_themselves(reader: Program, organization: Organization) -> None:
    revenue(organization)
    first = reader.get("metrics?in=eur")
    assert reader.get("metrics?in=eur", **{"If-None-Match": first["ETag"]}).status_code == 304


def test_a_token_may_make_so_many_requests_a_minute(
    reader: Program, organization: Organization, owner: Person, settings: Settings
) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    left = [reader.get("token")["RateLimit"].split(";")[1] for _ in range(3)]
    assert left == ["r=2", "r=1", "r=0"]
    stopped = reader.get("token")
    assert "Wait" in problem(stopped, 429)
    assert 0 < int(stopped["Retry-After"]) <= 60
    assert stopped["RateLimit-Policy"] == '"token";q=3;w=60'
    assert program(organization, owner.user).get("token").status_code == 200


def test_the_requests_of_all_processes_are_counted_together(
    reader: Program, settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    monkeypatch.setattr(limits, "_redis_away_until", 0.0)
    reader.data("token")
    with Redis.from_url(redis_url) as redis:
        (key,) = redis.keys(f"api-requests:{reader.token.id}:*")
        assert 0 < redis.ttl(key) <= 120
        redis.incr(key, 2)
    assert reader.get("token").status_code == 429


def test_the_limit_holds_without_redis(
    reader: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_redis_away_until", 0.0)
    settings.API_REQUESTS_A_MINUTE, settings.REDIS_URL = 2, "redis://127.0.0.1:1/0"
    assert [reader.get("token").status_code for _ in range(3)] == [200, 200, 429]


def test_the_document_needs_no_token_and_is_kept(db: None) -> None:
    first = Client().get(f"{ROOT}openapi.json")
    assert first.json()["openapi"] == "3.1.0"
    assert Client().get(f"{ROOT}openapi.json", headers={"If-None-Match": first["ETag"]}).status_code == 304
