"""What a page is answered by, in a process of its own whose settings name a replica: run with a scenario.

Each scenario prints what it saw as JSON; the test that runs it stops, pauses and starts the replica.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

import psycopg  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpResponse, HttpResponseBase  # noqa: E402
from django.test import RequestFactory  # noqa: E402
from django_htmx.middleware import HtmxDetails  # noqa: E402

from accounts import replica  # noqa: E402
from accounts.access import OrganizationRequest, TenantMiddleware  # noqa: E402
from accounts.audit import record  # noqa: E402
from accounts.models import AuditEntry, Membership, Organization, Role, User  # noqa: E402
from accounts.tenancy import tenant  # noqa: E402

NAME, PATIENCE = sys.argv[1], 20
View = Callable[[OrganizationRequest], HttpResponseBase]


def who(request: OrganizationRequest) -> HttpResponse:
    """Answer who answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        (in_recovery,) = cursor.fetchone()
    return HttpResponse("replica" if in_recovery else "primary")


def veiled(request: OrganizationRequest) -> HttpResponse:
    """Answer who answers, and whether the database hides payers from her who asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.payers', true)")
        (hidden,) = cursor.fetchone()
    return HttpResponse(f"{text(who(request))}: {hidden or 'shown'}")


def ask(
    person: User, view: View = who, method: str = "GET", cookies: dict[str, str] | None = None
) -> HttpResponseBase:
    request = RequestFactory().generic(method, f"/o/{NAME}/")
    request.COOKIES.update(cookies or {})
    request.user = person
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    middleware = TenantMiddleware(view)  # type: ignore[arg-type]

    def answered(asked: Any) -> HttpResponseBase:
        try:
            return view(asked)
        except Exception as error:
            told = middleware.process_exception(asked, error)
            if told is None:
                raise
            return told

    middleware.get_response = answered
    return middleware(request)


def text(response: HttpResponseBase) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


def until(person: User, wanted: str) -> str:
    """Ask until someone answers, and return who did in the end."""
    last = time.monotonic() + PATIENCE
    while (found := text(ask(person))) != wanted and time.monotonic() < last:
        time.sleep(0.1)
    return found


def superuser(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as own:
        own.execute(statement.encode())


def reads(owner: User) -> Iterator[Any]:
    """Read, write, and read again."""
    yield until(owner, "replica")
    posted = ask(owner, method="POST")
    kept = {name: morsel.value for name, morsel in posted.cookies.items()}
    yield text(posted), kept, text(ask(owner, cookies=kept)), text(ask(owner))
    for role in (Role.WITHOUT_PAYERS, Role.OWNER):
        Membership.objects.filter(user=owner).update(role=role)
        yield text(ask(owner, veiled)), text(ask(owner, veiled, "POST"))


def writes(owner: User) -> Iterator[Any]:
    """Ask for a page that writes as it is read, and for one that is not there."""

    def writing(request: OrganizationRequest) -> HttpResponse:
        record("seen", actor=request.user)
        return who(request)

    def missing(request: OrganizationRequest) -> HttpResponse:
        return HttpResponse(who(request).content, status=404)

    yield until(owner, "replica")
    yield text(ask(owner, writing)), text(ask(owner, missing))
    with tenant(Organization.objects.get(slug=NAME).id):
        yield AuditEntry.objects.count()
    yield text(ask(owner))


def lags(owner: User) -> Iterator[Any]:
    """Let the replica fall behind, by little more than somebody's loss of her membership."""
    replica.MOST_SECONDS = 2.0
    yield until(owner, "replica")
    superuser(os.environ["STANDBY_URL"], "SELECT pg_wal_replay_pause()")
    Membership.objects.filter(user=owner).delete()
    try:
        yield ask(owner).status_code
    except Exception as error:
        yield type(error).__name__
    Membership.objects.create(organization=Organization.objects.get(slug=NAME), user=owner, role=Role.OWNER)
    yield until(owner, "primary")
    superuser(os.environ["STANDBY_URL"], "SELECT pg_wal_replay_resume()")
    yield until(owner, "replica")


def dies(owner: User) -> Iterator[Any]:
    """Go on while the replica dies; the line that says so tells the test when to kill it."""
    yield until(owner, "replica")
    print("kill", flush=True)  # noqa: T201
    sys.stdin.readline()
    begun = time.monotonic()
    yield text(ask(owner)), time.monotonic() - begun < PATIENCE
    yield text(ask(owner))


def main() -> None:
    """Run the scenario that is named, with an owner of an organization of its own."""
    with transaction.atomic():
        organization = Organization.objects.create(slug=NAME, name=NAME, currency="usd", time_zone="UTC")
        owner = User.objects.create(email=f"{NAME}@acme.example")
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    print(json.dumps([*globals()[NAME](owner)]))  # noqa: T201


if __name__ == "__main__":
    main()
