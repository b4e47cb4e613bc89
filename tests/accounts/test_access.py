"""A request under /o/<slug>/ runs in its organization's transaction, for its members alone."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import Client, RequestFactory
from django_htmx.middleware import HtmxDetails

from accounts.access import OrganizationRequest, StreamingRefusedError, TenantMiddleware
from accounts.audit import record
from accounts.models import AuditEntry, Organization
from accounts.tenancy import current_organization_id, tenant
from tests.cast import Person

Answer = Callable[[OrganizationRequest], HttpResponseBase]


def ask(person: Person, answer: Answer, path: str = "/o/acme/") -> HttpResponseBase:
    """Send a request of a person through the middleware to a view."""
    request = RequestFactory().get(path)
    request.user = person.user
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return TenantMiddleware(answer)(request)  # type: ignore[arg-type]


def entries(organization: Organization) -> int:
    with tenant(organization.id):
        return AuditEntry.objects.count()


def test_a_member_s_request_knows_its_organization(owner: Person, organization: Organization) -> None:
    def answer(request: OrganizationRequest) -> HttpResponse:
        assert request.organization == organization
        assert request.membership.user == owner.user
        return HttpResponse(str(current_organization_id()))

    response = ask(owner, answer)
    assert isinstance(response, HttpResponse)
    assert response.content.decode() == str(organization.id)
    assert response["Cache-Control"] == "private, no-store"
    assert current_organization_id() is None


@pytest.mark.parametrize("status", [200, 302, 404, 422])
def test_what_a_request_wrote_stays(owner: Person, organization: Organization, status: int) -> None:
    def answer(request: OrganizationRequest) -> HttpResponse:
        record("seen", actor=request.user)
        return HttpResponse(status=status)

    ask(owner, answer)
    assert entries(organization) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_what_a_failed_request_wrote_is_undone(
    owner: Person, organization: Organization, status: int
) -> None:
    def answer(request: OrganizationRequest) -> HttpResponse:
        record("seen", actor=request.user)
        return HttpResponse(status=status)

    assert ask(owner, answer).status_code == status
    assert entries(organization) == 0


def test_an_exception_undoes_what_was_written(owner: Person, organization: Organization) -> None:
    def answer(request: OrganizationRequest) -> HttpResponse:
        record("seen", actor=request.user)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(owner, answer)
    assert entries(organization) == 0
    assert current_organization_id() is None


def test_a_streaming_response_is_refused_and_undone(owner: Person, organization: Organization) -> None:
    def answer(request: OrganizationRequest) -> StreamingHttpResponse:
        record("seen", actor=request.user)
        return StreamingHttpResponse(str(entry.pk) for entry in AuditEntry.objects.iterator())

    with pytest.raises(StreamingRefusedError):
        ask(owner, answer)
    assert entries(organization) == 0


def test_a_finished_file_may_be_sent(owner: Person) -> None:
    response = ask(owner, lambda request: FileResponse(BytesIO(b"date,mrr")))
    assert isinstance(response, FileResponse)
    assert response.getvalue() == b"date,mrr"


def test_a_visitor_is_sent_to_sign_in_and_back(organization: Organization) -> None:
    response = Client().get("/o/acme/members/?page=2")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/o/acme/members/%3Fpage%3D2"


def test_a_visitor_s_fragment_request_moves_the_whole_page(organization: Organization) -> None:
    response = Client().get(
        "/o/acme/members/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/o/acme/?month=2026-01"},
    )
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/accounts/login/?next=/o/acme/%3Fmonth%3D2026-01"


def test_another_s_organization_and_none_look_the_same(stranger: Person, organization: Organization) -> None:
    another, none = stranger.client.get("/o/acme/members/"), stranger.client.get("/o/no-such/members/")
    assert (another.status_code, none.status_code) == (404, 404)
    assert another.content.replace(b"acme", b"no-such") == none.content
    assert stranger.client.get("/o/a%00b/members/").status_code == 404


def test_a_former_member_is_a_stranger_at_once(teammate: Person, organization: Organization) -> None:
    assert teammate.client.get("/o/acme/members/").status_code == 200
    teammate.user.memberships.all().delete()
    assert teammate.client.get("/o/acme/members/").status_code == 404


def test_a_member_below_the_role_is_refused(teammate: Person, organization: Organization) -> None:
    assert teammate.client.post("/o/acme/invitations/", {"email": "a@b.example"}).status_code == 403
