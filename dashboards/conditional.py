"""Answer that a page is unchanged, to a member who holds it: its tag tells of all that it is made of.

The membership is checked before. What no row tells, such as an age in words, is renewed with the minute.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language

from accounts.access import OrganizationRequest
from accounts.reading import Asked, ahead, read
from config import clock
from dashboards.models import Emphasis

Parameters = ParamSpec("Parameters")
View = Callable[Concatenate[OrganizationRequest, Parameters], HttpResponse]

HELD = "private, no-cache"
VARIES = ("Cookie", "Accept-Language", "HX-Request", "HX-History-Restore-Request")
ROOMS = ("accounts", "billing_sync", "config", "dashboards", "metrics", "templates", "locale")
# A row's xmin changes with whatever is written to it.
STATE = """
SELECT concat_ws('|',
    (SELECT xmin::text FROM metrics_currentbuild WHERE organization_id = %(organization)s),
    (SELECT max(version) FROM metrics_definition WHERE organization_id = %(organization)s),
    (SELECT max(version) FROM metrics_alertrules WHERE organization_id = %(organization)s),
    EXISTS (SELECT FROM billing_sync_dirtycustomer WHERE organization_id = %(organization)s),
    (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM billing_sync_connection
     WHERE organization_id = %(organization)s),
    (SELECT string_agg(xmin::text, ',' ORDER BY connection_id, resource) FROM billing_sync_synccursor
     WHERE organization_id = %(organization)s),
    (SELECT count(*) FROM billing_sync_setaside WHERE organization_id = %(organization)s),
    (SELECT count(*) FROM billing_sync_erasure WHERE organization_id = %(organization)s),
    (SELECT string_agg(xmin::text, ',' ORDER BY id) FROM metrics_alert
     WHERE organization_id = %(organization)s AND recovered_on IS NULL),
    (SELECT concat(count(*), ' ', max(fetched_at)) FROM billing_sync_price
     WHERE organization_id = %(organization)s),
    (SELECT concat(count(*), ' ', max(fetched_at)) FROM billing_sync_product
     WHERE organization_id = %(organization)s),
    (SELECT xmin::text FROM metrics_diagnosing WHERE organization_id = %(organization)s),
    (SELECT xmin::text FROM metrics_counted WHERE organization_id = %(organization)s),
    EXISTS (SELECT FROM metrics_undiagnosed WHERE organization_id = %(organization)s),
    (SELECT string_agg(concat(organization.id, organization.xmin, member.xmin), ',' ORDER BY organization.id)
     FROM accounts_membership AS member
     JOIN accounts_organization AS organization ON organization.id = member.organization_id
     WHERE member.user_id = %(user)s)),
    (SELECT emphasis FROM dashboards_displaysettings WHERE organization_id = %(organization)s)
"""


@dataclass(frozen=True, slots=True)
class Also:
    """What a page is made of besides: columns that the statement of its tag reads, and what they bind."""

    columns: str
    bound: Callable[[OrganizationRequest], dict[str, Any]] = lambda request: {}


First = Callable[[OrganizationRequest], Sequence[Asked]]


def _nothing(request: OrganizationRequest) -> Sequence[Asked]:
    return ()


def conditional(view: View[Parameters]) -> View[Parameters]:
    """Tag a page of an organization, and answer 304 to whoever names the tag."""
    return _tagged(view, None)


def conditional_on(also: Also) -> Callable[[View[Parameters]], View[Parameters]]:
    """Do the same for a page that is made of more, which `told_of` then hands to its view."""
    return lambda view: _tagged(view, also)


def conditional_ahead(first: First) -> Callable[[View[Parameters]], View[Parameters]]:
    """Do the same for a page that always reads some rows first: with its tag, where nobody holds it."""
    return lambda view: _tagged(view, None, first)


def told_of(request: OrganizationRequest, also: Also) -> tuple[Any, ...]:
    """Return what a page is made of besides, as the statement of its tag told it where it has one."""
    told: tuple[Any, ...] | None = getattr(request, "also", None)
    if told is not None:
        return told
    bound = {"organization": request.organization.id, **also.bound(request)}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {also.columns}", bound)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _tagged(view: View[Parameters], also: Also | None, first: First = _nothing) -> View[Parameters]:
    @wraps(view)
    def tagged(
        request: OrganizationRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponse:
        if not _may_be_held(request):
            with ahead(*first(request)):
                return view(request, *args, **kwargs)
        held = parse_etags(request.headers.get("If-None-Match", ""))
        state = _state(request, also)
        with ahead(state, *(() if held else first(request))):
            tag = _tag_of(request, state)
            if tag in held:
                return _marked(HttpResponseNotModified(), tag)
            with ahead(*(first(request) if held else ())):
                response = view(request, *args, **kwargs)
        # A message that came up meanwhile is told once.
        return _marked(response, tag) if response.status_code == 200 and _may_be_held(request) else response

    return tagged


def _state(request: OrganizationRequest, also: Also | None) -> Asked:
    """Return what tells whether anything changed that a page is made of."""
    bound: dict[str, Any] = {"organization": request.organization.id, "user": request.user.pk}
    if also is None:
        return Asked(STATE, bound)
    return Asked(f"{STATE}, {also.columns}", bound | also.bound(request))


def _tag_of(request: OrganizationRequest, asked: Asked) -> str:
    """Return the tag of the page that a request asks for, as everything stands now."""
    ((state, emphasis, *more),) = read(*asked)
    request.also = tuple(more) or None  # type: ignore[attr-defined]
    request.emphasis = emphasis or Emphasis.AUTOMATIC  # type: ignore[attr-defined]
    told = (
        code_version(),
        request.get_full_path(),
        request.headers.get("HX-Request", ""),
        request.headers.get("HX-History-Restore-Request", ""),
        get_language(),
        request.organization.id,
        request.user.pk,
        request.user.email,
        request.membership.role,
        # The forms of a page carry a token that is worth as much as this cookie.
        request.COOKIES[settings.CSRF_COOKIE_NAME],
        int(clock.now().timestamp()) // 60,
        state,
        emphasis,
        more,
    )
    # Weak, since the same page is sent compressed too, with other bytes each time.
    return f'W/"{sha256(repr(told).encode()).hexdigest()[:32]}"'


@cache
def code_version() -> str:
    """Return what tells this code and its templates from others."""
    found = sha256()
    for room in (*(settings.BASE_DIR / room for room in ROOMS), settings.STATIC_COLLECTED):
        for directory, directories, names in os.walk(room):
            directories[:] = sorted(one for one in directories if one != "__pycache__")
            for name in sorted(names):
                told = os.stat(os.path.join(directory, name))
                found.update(f"{directory}/{name} {told.st_size} {told.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _may_be_held(request: OrganizationRequest) -> bool:
    """Say whether a page is its reader's to keep: one with a message, or rates of the day, is read once."""
    known = settings.CSRF_COOKIE_NAME in request.COOKIES
    return known and "in" not in request.GET and not len(get_messages(request))


def _marked(response: HttpResponse, tag: str) -> HttpResponse:
    response["ETag"] = tag
    response["Cache-Control"] = HELD
    patch_vary_headers(response, VARIES)
    return response


class ForgetOnSignOut:
    """Have a browser drop the pages it holds with the session, so that going back shows none of them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        found = request.resolver_match
        if request.method == "POST" and found is not None and found.view_name == "account_logout":
            response["Clear-Site-Data"] = '"cache"'
        return response
