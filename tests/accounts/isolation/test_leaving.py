"""What leaves an organization's transaction unread fails when it is read, and never shows nothing instead."""

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from accounts import jobs
from accounts.access import StreamingRefusedError, TenantMiddleware, UnrenderedRefusedError
from accounts.audit import record
from accounts.jobs import DONE, Outcome
from accounts.models import AuditEntry, Job, Organization
from accounts.tasks import forget_tenant
from accounts.tenancy import tenant
from dashboards.models import ApiToken
from tests.accounts.work import Work, the_job
from tests.cast import Person

pytestmark = pytest.mark.usefixtures("entries")
SHOWN = engines["django"].from_string("{% for one in rows %}{{ one.action }}{% endfor %}")
ASKED = engines["django"].from_string("{% if rows and yes %}some{% else %}none{% endif %}")


@pytest.fixture
def entries(organization: Organization, other_organization: Organization) -> None:
    for each in (organization, other_organization):
        with tenant(each.id):
            for number in range(5):
                record(f"seen {number}", actor=None)


def ask(person: Person, answer: Callable[[Any], HttpResponseBase]) -> HttpResponseBase:
    request: Any = RequestFactory().get("/o/acme/")
    request.user, request.htmx = person.user, HtmxDetails(request)
    return TenantMiddleware(answer)(request)


def unread(organization: Organization) -> "QuerySet[AuditEntry]":
    with tenant(organization.id):
        return AuditEntry.objects.order_by("action")


@pytest.mark.parametrize(
    "read",
    [list, len, bool, lambda rows: rows.count(), lambda rows: rows.exists(), lambda rows: rows.first()],
)
def test_a_queryset_that_was_not_read_inside(
    organization: Organization, read: Callable[[Any], object]
) -> None:
    with pytest.raises(DatabaseError):
        read(unread(organization))


def test_a_queryset_for_one_s_own_rows_by_name(organization: Organization) -> None:
    with pytest.raises(DatabaseError):
        list(unread(organization).filter(organization_id=organization.id, action="no such action"))


def test_rows_that_were_begun_to_be_read_inside(organization: Organization) -> None:
    with tenant(organization.id):
        rows: Iterator[AuditEntry] = AuditEntry.objects.iterator(chunk_size=2)
        next(rows)
    with pytest.raises(DatabaseError):
        list(rows)


def test_a_column_that_was_deferred_inside(organization: Organization) -> None:
    with tenant(organization.id):
        entry = AuditEntry.objects.defer("action").first()
    assert entry
    with pytest.raises(DatabaseError):
        assert entry.action


def test_a_callback_after_the_commit(organization: Organization) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), tenant(organization.id):
        transaction.on_commit(lambda: list(AuditEntry.objects.all()))


def test_another_thread_that_was_started_inside(organization: Organization) -> None:
    told: list[object] = []

    def work() -> None:
        try:
            told.append(AuditEntry.objects.count())
        except DatabaseError as error:
            told.append(error)
        finally:
            connection.close()

    with tenant(organization.id):
        thread = Thread(target=work)
        thread.start()
        thread.join()
    assert isinstance(told[0], DatabaseError)


def test_a_stream_of_rows(owner: Person) -> None:
    with pytest.raises(StreamingRefusedError):
        ask(owner, lambda request: StreamingHttpResponse(one.action for one in AuditEntry.objects.all()))


def test_a_template_that_is_not_rendered_inside(owner: Person) -> None:
    def answer(request: WSGIRequest) -> HttpResponse:
        return TemplateResponse(request, ASKED, {"rows": AuditEntry.objects.all(), "yes": True})

    with pytest.raises(UnrenderedRefusedError):
        ask(owner, answer)


def test_a_template_rendered_too_late_would_say_that_there_is_nothing(organization: Organization) -> None:
    rows = {"rows": unread(organization), "yes": True}
    assert ASKED.render(rows) == "none"
    with pytest.raises(DatabaseError):
        SHOWN.render(rows)


def test_a_task_that_enters_no_organization(organization: Organization, work: Work) -> None:
    def handler() -> Outcome:
        assert AuditEntry.objects.count() >= 0
        return DONE

    work(handler)
    jobs.enqueue(organization.id, "work")
    jobs.run_next()
    assert the_job().state != Job.State.DONE
    assert "app.organization_id" in the_job().last_error or "uuid" in the_job().last_error


def test_a_task_after_one_that_left_its_organization_behind(organization: Organization) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.organization_id', %s, false)", [str(organization.id)])
    forget_tenant()
    with pytest.raises(DatabaseError):
        AuditEntry.objects.count()


def test_a_join_that_reaches_rows_by_a_table_without_an_organization(organization: Organization) -> None:
    with pytest.raises(DatabaseError):
        list(Organization.objects.filter(id__in=AuditEntry.objects.values("organization_id")))
    with tenant(organization.id):
        seen = Organization.objects.filter(id__in=AuditEntry.objects.values("organization_id"))
        assert list(seen) == [organization]


def test_an_empty_table_too(organization: Organization) -> None:
    with pytest.raises((DatabaseError, ProgrammingError)):
        list(ApiToken.objects.filter(organization_id=organization.id))
