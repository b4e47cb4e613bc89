"""Files of whole tables: which there are, making one, hearing whether it is ready, and its bytes."""

from typing import Any, NoReturn
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Router

from dashboards.api import cursors, export_schemas, schemas
from dashboards.api.entering import ApiRequest, Bearer
from dashboards.api.listing import listed, listed_here
from dashboards.api.parameters import Listed
from dashboards.api.problems import Problem
from dashboards.api.reading import meta, reads
from dashboards.api.tokens import EXPORTS, PAYERS
from dashboards.exports import keeping, making
from dashboards.exports.columns import Layout
from dashboards.exports.parameters import ExportError, Scope
from dashboards.exports.registry import TABLES
from dashboards.exports.tables import Table
from dashboards.models import Export
from metrics import queries
from metrics.management.output import json_line

router = Router(tags=["Exports"], auth=Bearer(EXPORTS))
MADE_BY = {"created_at": cursors.moment, "id": cursors.uuid}
NAMED_BY = {"name": cursors.word}
State = Export.State
FILE = {
    "responses": {
        200: {
            "description": "The file.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            },
        }
    }
}


@router.get(
    "/exports/tables", response=schemas.Page[export_schemas.ExportTable], url_name="api_export_tables"
)
@reads
def export_tables(request: ApiRequest, wanted: Query[Listed]) -> dict[str, Any]:
    """Return the tables that can be exported, with their columns as they are without parameters."""
    return listed_here(request, [*TABLES.values()], NAMED_BY, wanted, lambda table: _table(request, table))


@router.get("/exports", response=schemas.Page[export_schemas.Export], url_name="api_exports")
@reads
def exports(request: ApiRequest, wanted: Query[Listed]) -> dict[str, Any]:
    """Return the files that have not expired, oldest first."""
    rows = making.kept(request.auth.organization.id).order_by()
    return listed(request, rows, MADE_BY, wanted, _export)


@router.post(
    "/exports",
    response={201: schemas.Answer[export_schemas.Export], 202: schemas.Answer[export_schemas.Export]},
    url_name="api_exports",
)
def make_export(request: ApiRequest, wanted: export_schemas.WantedExport) -> HttpResponse:
    """Make a file: 201 says that it is ready, 202 that it is being made; asking twice meanwhile makes one."""
    request.shown = queries.shown(request.auth.organization.id)
    table = TABLES.get(wanted.table)
    if table is not None and not request.auth.has(table.scope):
        _lacks(table.scope)
    named = request.auth.has(PAYERS)
    if wanted.names and not named:
        _lacks(PAYERS)
    try:
        asked = making.asked(
            request.shown,
            wanted.table,
            wanted.format,
            wanted.parameters,
            personal=named if wanted.names is None else wanted.names,
        )
        export = making.make(request.shown, asked, by=None, token=request.auth.token.name)
    except ExportError as error:
        raise Problem(error.status, str(error)) from None
    body = json_line({"data": _export(export), "meta": meta(request.shown)})
    status = 201 if export.state == State.READY else 202
    return HttpResponse(body, status=status, content_type="application/json")


@router.get(
    "/exports/{uuid:export_id}", response=schemas.Answer[export_schemas.Export], url_name="api_export"
)
@reads
def export(request: ApiRequest, export_id: UUID) -> dict[str, Any]:
    """Return how far a file has come."""
    return {"data": _export(_kept(request, export_id)), "meta": meta(request.shown)}


@router.get("/exports/{uuid:export_id}/file", url_name="api_export_file", openapi_extra=FILE)
def export_file(request: ApiRequest, export_id: UUID) -> HttpResponseBase:
    """Return the bytes of a file that is ready, as CSV or as a JSON array."""
    if request.GET:
        raise Problem(400, _("There are no parameters here: the file was narrowed as it was made."))
    found = _kept(request, export_id)
    if found.state != State.READY:
        raise Problem(409, _("The file is not ready. Ask for its state first, and again in some seconds."))
    slug, token = request.auth.organization.slug, request.auth.token.name
    return keeping.fetch(found, slug, by=None, token=token)


def _kept(request: ApiRequest, export_id: UUID) -> Export:
    """Return a file; Problem where there is none, or the token may not read its table."""
    found = keeping.export_of(request.auth.organization.id, export_id)
    if found is None:
        raise Problem(404, _("There is no such file, or it has expired. POST /api/v1/exports makes one."))
    table = TABLES.get(found.table)
    if table is not None and not request.auth.has(table.scope):
        _lacks(table.scope)
    if found.personal and not request.auth.has(PAYERS):
        _lacks(PAYERS)
    return found


def _lacks(scope: str) -> NoReturn:
    words = _("This token lacks the scope %(scope)s. Make one that has it on the API page.")
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    raise Problem(403, words % {"scope": scope}, **{"WWW-Authenticate": challenge})


def _table(request: ApiRequest, table: Table) -> dict[str, Any]:
    columns = Layout(table.columns(Scope(request.shown, {})), personal=True).columns
    return {
        "name": table.name,
        "scope": table.scope,
        "personal": table.personal,
        "parameters": [*table.parameters],
        "columns": [
            {"name": one.name, "kind": one.kind.value, "unit": one.kind.unit, "personal": one.personal}
            for one in columns
        ],
    }


def _export(row: Export) -> dict[str, Any]:
    wrong = keeping.stopped([row]).get(row.id, "") if row.state in making.MAKING else ""
    return {
        "id": row.id,
        "table": row.table,
        "format": row.format,
        "parameters": row.parameters,
        "names": row.personal,
        "state": State.FAILED.value if wrong else row.state,
        "error": row.error or wrong,
        "definition_version": row.definition_version,
        "computed_at": row.computed_at,
        "data_through": row.data_through,
        "rows": row.rows,
        "size": row.size,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }
