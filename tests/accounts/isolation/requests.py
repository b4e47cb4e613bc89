"""Organizations whose rows tell whose they are, and requests of their members over few connections."""

import logging
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Model
from django.test import RequestFactory

from accounts.audit import record
from accounts.models import AuditEntry, Organization, Role
from accounts.tenancy import current_organization_id, tenant
from dashboards import sharing
from dashboards.api import tokens
from dashboards.models import ApiToken, ShareLink
from tests.cast import make_organization, member

MARKED = re.compile(r"whose-(\d+)-")
THREADS = 6
FAILING = 0.2
NEVER = 10**6


class OurError(Exception):
    """What goes wrong in the middle of a request."""


@dataclass(frozen=True, slots=True)
class Company:
    """An organization, its owner's cookie, a token, and the address of a shared view."""

    number: int
    organization: Organization
    cookie: str
    token: str
    shared: str


@dataclass(slots=True)
class Seen:
    """What all requests saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    own: int = 0
    others: list[str] = field(default_factory=list)


def company(number: int) -> Company:
    organization = make_organization(f"company-{number}")
    Organization.objects.filter(pk=organization.pk).update(name=f"whose-{number}-name")
    somebody = member(f"owner{number}@example.com", organization, Role.OWNER)
    with tenant(organization.id):
        record(f"whose-{number}-audit", actor=somebody.user)
        _token, text = tokens.make(organization, f"whose-{number}-token", [tokens.METRICS], by=somebody.user)
        _link, shared = sharing.make(organization, f"whose-{number}-link", "usd", 30, by=somebody.user)
    session = somebody.client.cookies["session"].value
    return Company(number, organization, f"session={session}", text, urlsplit(shared).path)


@contextmanager
def few_connections(most: int, **given: Any) -> Iterator[None]:
    """Let all threads of this process share a few connections."""
    default = connections["default"]
    before = {name: default.settings_dict[name] for name in ("OPTIONS", *given)}
    pool = {"min_size": 1, "max_size": most, "timeout": 120}
    default.close()
    default.close_pool()  # type: ignore[attr-defined]
    default.settings_dict.update({"OPTIONS": {**before["OPTIONS"], "pool": pool}, **given})
    try:
        yield
    finally:
        default.close()
        default.close_pool()  # type: ignore[attr-defined]
        default.settings_dict.update(before)


def mixed(companies: list[Company], requests: int, seed: str) -> Seen:
    """Send requests of everybody in any order, a fifth of which fail on the way; return what was seen."""
    seen, application = Seen(), WSGIHandler()

    def one(number: int) -> None:
        dice = random.Random(f"{seed}{number}")
        asking = dice.choice(companies)
        fails_at = dice.randrange(1, 9) if dice.random() < FAILING else NEVER
        ways = (_page, _page, _page, _api, _shared, _job)
        try:
            with connection.execute_wrapper(failing(fails_at, dice)):
                outcome, told = dice.choice(ways)(application, asking, dice)
        except (OurError, DatabaseError) as error:
            outcome, told = type(error).__name__, str(error)
        finally:
            connection.close()
        marks = {int(mark) for mark in MARKED.findall(told)}
        seen.outcomes[outcome] += 1
        seen.own += asking.number in marks
        seen.others += [f"{outcome}: {told[:500]}"] if marks - {asking.number} else []

    # Thousands of failures that were meant need no lines.
    logging.disable()
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(one, range(requests)))
    finally:
        logging.disable(logging.NOTSET)
    return seen


def failing(at: int, dice: random.Random) -> Callable[..., Any]:
    """Let one statement of a request fail: in our code, in the database, or with the whole session."""
    left = iter(range(at))

    def wrapper(execute: Any, statement: Any, *rest: Any) -> Any:
        if next(left, None) is None and at != NEVER:
            kind = dice.randrange(3)
            if kind == 0:
                raise OurError
            statement = "SELECT 1 / 0" if kind == 1 else "SELECT pg_terminate_backend(pg_backend_pid())"
            return execute(statement, None, *rest[1:])
        return execute(statement, *rest)

    return wrapper


def _ask(application: WSGIHandler, path: str, **headers: str) -> tuple[str, str]:
    status: list[str] = []
    environment = RequestFactory().get(path, **headers).environ  # type: ignore[arg-type]
    answer = application(environment, lambda code, _headers: status.append(code))  # type: ignore[arg-type]
    try:
        told = b"".join(answer).decode()
    finally:
        answer.close()
    return status[0][:3], told


def _page(application: WSGIHandler, asking: Company, dice: random.Random) -> tuple[str, str]:
    page = dice.choice(["members/", "api/", "investor/links/", "privacy/activity"])
    return _ask(application, f"/o/{asking.organization.slug}/{page}", HTTP_COOKIE=asking.cookie)


def _api(application: WSGIHandler, asking: Company, dice: random.Random) -> tuple[str, str]:
    return _ask(application, "/api/v1/token", HTTP_AUTHORIZATION=f"Bearer {asking.token}")


def _shared(application: WSGIHandler, asking: Company, dice: random.Random) -> tuple[str, str]:
    return _ask(application, asking.shared)


def _job(application: WSGIHandler, asking: Company, dice: random.Random) -> tuple[str, str]:
    """Work as a job does, in two transactions, and read every row that there is."""
    told = ""
    for _ in range(2):
        with tenant(asking.organization.id):
            rows: list[type[Model]] = [AuditEntry, ApiToken, ShareLink]
            told += " ".join(str(list(model._default_manager.values())) for model in rows)
    with transaction.atomic():
        assert current_organization_id() is None
    return "job", told
