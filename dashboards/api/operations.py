"""The API's operations together, and what stops them as problems."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.operation import Operation

from dashboards.api import exports, figures, payers, records
from dashboards.api.entering import unsigned
from dashboards.api.problems import Problem, answer

DESCRIPTION = (
    "Recurring revenue as the pages show it. Amounts are integers in `_micro`: millionths of the currency's "
    "minor unit, exact; read them with 64 bits or more. Days and months are the organization's. Lists come "
    "in a fixed order, oldest first, in pages: follow `next` until it is null."
)


class Api(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name that clients made from the document call an operation by."""
        return operation.view_func.__name__


api = Api(
    title="Millrace",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
for router in (figures.router, payers.router, records.router, exports.router):
    api.add_router("", router)
urls = [pattern for pattern in api.urls[0] if getattr(pattern, "name", "") != "api-root"]


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return answer(problem.status, problem.detail, problem.headers)


@api.exception_handler(AuthenticationError)
def on_no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return on_problem(request, unsigned())


@api.exception_handler(ValidationError)
def on_wrong_parameter(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return answer(400, " ".join(map(_wrong, error.errors)))


@api.exception_handler(Exception)
def on_failure(request: HttpRequest, error: Exception) -> HttpResponse:
    """Leave a failure to Django, which rolls back and writes it down."""
    raise error


def _wrong(error: dict[str, Any]) -> str:
    """Return what is wrong with a parameter, as its reader says it, else as pydantic does."""
    told = error.get("ctx", {}).get("error") or error["msg"]
    name = str(error["loc"][-1])
    said = {"name": name if name.isprintable() else "?", "wrong": str(told).rstrip(".") + "."}
    return _("%(name)s: %(wrong)s") % said
