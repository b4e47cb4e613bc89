"""What every operation shares: strict parameters, tags that say nothing changed, one page of many rows."""

from collections.abc import Callable, Iterable
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec

from django.db import connection
from django.db.models import Count, Max
from django.http import HttpResponse, HttpResponseNotModified, QueryDict
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from ninja import Schema

from dashboards.api.entering import ApiRequest
from dashboards.api.problems import Problem
from dashboards.conditional import STATE, code_version
from metrics import queries
from metrics.management.output import json_line
from metrics.model import written
from metrics.queries import Shown
from metrics.restating.models import ClosedMonth, Restatement

Parameters = ParamSpec("Parameters")
Operation = Callable[Concatenate[ApiRequest, Parameters], dict[str, Any]]
HELD = "private, no-cache"
VARIES = "Authorization"


def reads(operation: Operation[Parameters]) -> Callable[Concatenate[ApiRequest, Parameters], HttpResponse]:
    """Answer what an operation returns as JSON, or that it is what the program holds already."""

    @wraps(operation)
    def answered(request: ApiRequest, /, *args: Parameters.args, **given: Parameters.kwargs) -> HttpResponse:
        _refuse_unknown(request.GET, given.values())
        request.shown = queries.shown(request.auth.organization.id)
        held = told(request.headers.get("If-None-Match", ""))
        tag = "" if _rests_on_more(request) else tag_of(request)
        if tag in held:
            return _marked(HttpResponseNotModified(), tag)
        body = json_line(operation(request, *args, **given))
        tag = tag or f'"{sha256(body.encode()).hexdigest()[:32]}"'
        if tag in held:
            return _marked(HttpResponseNotModified(), tag)
        return _marked(HttpResponse(body, content_type="application/json"), tag)

    return answered


def told(header: str) -> set[str]:
    """Return the tags that a program holds; what compressed an answer on its way weakened its tag."""
    return {tag.removeprefix("W/") for tag in parse_etags(header)}


def tag_of(request: ApiRequest) -> str:
    """Return the tag of an answer: of the code, the token, the day, and all that numbers rest on."""
    organization = request.auth.organization
    with connection.cursor() as cursor:
        cursor.execute(STATE, {"organization": organization.id, "user": None})
        state = cursor.fetchone()
    published = Restatement.objects.filter(organization_id=organization.id)
    closed = ClosedMonth.objects.filter(organization_id=organization.id)
    known = (
        code_version(),
        request.get_full_path(),
        organization.id,
        organization.slug,
        organization.currency,
        organization.time_zone,
        request.auth.token.id,
        request.auth.token.scopes,
        request.shown.today,
        published.aggregate(count=Count("id"), newest=Max("at")),
        closed.aggregate(count=Count("month"), newest=Max("closed_at")),
        state,
    )
    return f'"{sha256(repr(known).encode()).hexdigest()[:32]}"'


def _rests_on_more(request: ApiRequest) -> bool:
    """Say whether rates of exchange or files make the answer: they come and go, and no tag knows of them."""
    return "in" in request.GET or "/exports" in request.path_info or request.path_info.endswith("-rates")


def _refuse_unknown(parameters: QueryDict, given: Iterable[object]) -> None:
    known = sorted(
        field.alias or name
        for one in given
        if isinstance(one, Schema)
        for name, field in type(one).model_fields.items()
    )
    for name, values in parameters.lists():
        if name not in known:
            words = _("There is no parameter %(name)s here. There are: %(known)s.")
            raise Problem(400, words % {"name": name, "known": ", ".join(known) or "-"})
        if len(values) > 1:
            raise Problem(400, _("The parameter %(name)s is given twice.") % {"name": name})


def _marked(response: HttpResponse, tag: str) -> HttpResponse:
    response["ETag"] = tag
    response["Cache-Control"] = HELD
    response["Vary"] = VARIES
    return response


def meta(shown: Shown) -> dict[str, Any]:
    """Return what a number always comes with: the rules that made it, and until when they know."""
    fresh = shown.freshness
    return {
        "definition_version": shown.definition.version,
        "as_of": fresh.computed_at and written(fresh.computed_at),
        "data_through": fresh.data_through and written(fresh.data_through),
    }
