"""The OpenAPI document: what the operations are, made from the operations themselves."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_GET
from ninja import NinjaAPI

from dashboards.api import limits
from dashboards.api import parameters as given
from dashboards.api.operations import api
from dashboards.api.problems import MEDIA_TYPE
from dashboards.api.schemas import Problem
from dashboards.api.tokens import SCOPES
from dashboards.conditional import code_version
from metrics.management.output import json_text

PREFIX = "/api/v1/"
REFUSALS = {
    400: "A parameter is unknown, given twice or wrong.",
    401: "No token was sent, or one that opens nothing.",
    403: "The token lacks the scope.",
    404: "There is nothing of that name or at that time.",
    405: "The address does not take the method.",
    409: "A rate of exchange is not known, or a file is not ready.",
    429: "The token has made its requests of this minute.",
}
TAGGED = {"ETag": "Send it as If-None-Match to hear whether anything changed."}
COUNTED = {
    "RateLimit-Policy": "How many requests a token may make in how many seconds.",
    "RateLimit": "How many are left, and in how many seconds the next begin.",
}
CHALLENGED = {"WWW-Authenticate": "What kind of token is wanted."}
HEADERS = {
    200: {**TAGGED, **COUNTED},
    201: COUNTED,
    202: COUNTED,
    304: {**TAGGED, **COUNTED},
    401: CHALLENGED,
    403: {**CHALLENGED, **COUNTED},
    405: {"Allow": "The methods that there are."},
    429: {"Retry-After": "Seconds to wait.", **COUNTED},
}


@require_GET
@condition(etag_func=lambda request: f'"{code_version()}"')
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer the document; it holds no data and needs no token."""
    return HttpResponse(json_text(document(api)), content_type="application/json")


def document(described: NinjaAPI) -> dict[str, Any]:
    """Return the document of an API as plain values."""
    found: dict[str, Any] = dict(described.get_openapi_schema(path_prefix=PREFIX))
    found["servers"] = [{"url": settings.BASE_URL.rstrip("/")}]
    found["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    components = found["components"]
    for parameters in (name for name in [*components["schemas"]] if hasattr(given, name)):
        del components["schemas"][parameters]
    components["schemas"]["Problem"] = Problem.model_json_schema()
    components["securitySchemes"] = {"Bearer": {"type": "http", "scheme": "bearer", "description": _scopes()}}
    for path in found["paths"].values():
        for method, operation in path.items():
            _complete(operation, reads=method == "get")
    return found


def _complete(operation: dict[str, Any], *, reads: bool) -> None:
    """Add to an operation what all have in common."""
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers = operation["responses"]
    operation["responses"] = {str(status): told for status, told in answers.items()}
    if reads:
        operation["responses"]["304"] = {"description": "What you hold is what there is."}
    for status, words in REFUSALS.items():
        operation["responses"][str(status)] = {"description": words, "content": problem}
    for status, headers in HEADERS.items():
        if str(status) not in operation["responses"]:
            continue
        operation["responses"][str(status)]["headers"] = {
            name: {"description": words, "schema": {"type": "string"}} for name, words in headers.items()
        }


def _scopes() -> str:
    told = "; ".join(f"{scope}: {words}" for scope, words in SCOPES.items())
    return (
        f"A token of an organization, made by an admin. Its scopes: {told}. A token may make "
        f"{settings.API_REQUESTS_A_MINUTE} requests in {limits.WINDOW_SECONDS} seconds."
    )
