"""Large files, piece by piece: each is committed with how far it reaches, so that a dead worker costs one."""

import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import jobs
from accounts.redaction import describe
from accounts.tenancy import hide_payers, tenant
from config import clock
from dashboards.exports.columns import Layout
from dashboards.exports.encoding import ENCODINGS
from dashboards.exports.making import KEPT, MAKING, compressed, made_of, moment, note
from dashboards.exports.parameters import ExportError, Scope
from dashboards.exports.registry import table_named
from dashboards.models import Export, ExportPiece
from metrics import queries
from metrics.extracts.cursors import Extract, HeldCursor, Row

logger = logging.getLogger(__name__)

PIECE = 10_000
MOST_STARTS = 5
State = Export.State


class NumbersMovedError(Exception):
    """Raised where a newer build is on show than the one that a file was begun with."""


class Taking(Protocol):
    """Rows to be taken in turn."""

    def take(self, count: int) -> Sequence[Row]:
        """Return the next rows, fewer at the end."""
        ...


class Walked:
    """Rows that are read as they are taken."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = iter(rows)

    def take(self, count: int) -> list[Row]:
        return list(islice(self._rows, count))


def make_or_fail(organization_id: UUID, export_id: UUID) -> None:
    """Make a file to its end; one that cannot be made says why, and what to do."""
    try:
        for _start in range(MOST_STARTS):
            try:
                _make(organization_id, export_id)
            except NumbersMovedError:
                logger.info("Export %s begins again with newer numbers.", export_id)
            else:
                return
        raise ExportError(_("The numbers changed again and again while the file was made. Try again later."))
    except DatabaseError:
        raise
    except Exception as error:
        told = str(error)
        if not isinstance(error, ExportError):
            logger.exception("Export %s could not be made.", export_id)
            told = describe(error)
        with tenant(organization_id):
            _ours(organization_id, export_id).update(state=State.FAILED, error=told)


def _make(organization_id: UUID, export_id: UUID) -> None:
    with tenant(organization_id):
        begun = _begin(organization_id, export_id)
        if begun is None:
            return
        export, scope = begun
        _see(export)
        rows = table_named(export.table).rows(scope)
        if not isinstance(rows, Extract):
            # They hold still within this transaction alone, so that all pieces are committed with it.
            _write_all(export, scope, Walked(rows))
            return
        held = HeldCursor(rows, export.rows)
        _hold_still(export)
    with held:
        while True:
            with tenant(organization_id):
                _see(export)
                more = _write_next(export, scope, held)
            if not more:
                return
            jobs.progressed()


def _begin(organization_id: UUID, export_id: UUID) -> tuple[Export, Scope] | None:
    """Return the file to go on with; one begun with other numbers is begun again, one that is made is not."""
    export = _ours(organization_id, export_id).select_for_update().first()
    if export is None:
        return None
    shown = queries.shown(organization_id)
    goes_on = export.state == State.WORKING and table_named(export.table).resumes
    if not goes_on or made_of(export) != moment(shown):
        _pieces(export).delete()
        export.rows = export.size = export.pieces = 0
        note(export, shown)
        export.state = State.WORKING
        _ours(organization_id, export_id).update(**_told(export))
    return export, Scope(shown, export.parameters)


def _see(export: Export) -> None:
    """See no more of payers than the file may tell: a filter by name would tell it too."""
    if not export.personal:
        hide_payers()


def _hold_still(export: Export) -> None:
    if moment(queries.shown(export.organization_id)) != made_of(export):
        raise NumbersMovedError


def _write_all(export: Export, scope: Scope, rows: Taking) -> None:
    while _write_next(export, scope, rows):
        pass
    _hold_still(export)


def _write_next(export: Export, scope: Scope, source: Taking) -> bool:
    """Write one piece with how far it reaches; return whether more follow, or someone else went on."""
    rows = source.take(PIECE)
    table, encoding = table_named(export.table), ENCODINGS[export.format]
    layout = Layout(table.columns(scope), personal=export.personal)
    content = b"" if export.pieces else encoding.head(layout)
    content += encoding.body(layout, rows, export.rows)
    before, last = made_of(export), len(rows) < PIECE
    if last:
        content += encoding.tail(export.rows + len(rows))
    piece = compressed(export, content)
    export.rows, export.size, export.pieces = (
        export.rows + len(rows),
        export.size + len(content),
        export.pieces + 1,
    )
    if last:
        export.state, export.ready_at = State.READY, clock.now()
        export.expires_at = export.ready_at + KEPT
    ours = _ours(export.organization_id, export.id).filter(pieces=piece.position, computed_at=before[2])
    if not ours.update(**_told(export)):
        return False
    piece.save(force_insert=True)
    return not last


def _told(export: Export) -> dict[str, Any]:
    names = ("state", "definition_version", "build", "computed_at", "data_through", "rows", "size", "pieces")
    return {name: getattr(export, name) for name in (*names, "ready_at", "expires_at")}


def _ours(organization_id: UUID, export_id: UUID) -> "QuerySet[Export]":
    return Export.objects.filter(organization_id=organization_id, id=export_id, state__in=MAKING)


def _pieces(export: Export) -> "QuerySet[ExportPiece]":
    return ExportPiece.objects.filter(organization_id=export.organization_id, export_id=export.id)
