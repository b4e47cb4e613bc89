"""Making a file: at once where it is small, else by a job; the same request meanwhile is the same file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import zstandard
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import jobs
from accounts.audit import record
from accounts.models import User
from accounts.tenancy import hide_payers
from config import clock
from dashboards.exports import parameters as given
from dashboards.exports.columns import Layout
from dashboards.exports.encoding import ENCODINGS
from dashboards.exports.parameters import ExportError, Scope
from dashboards.exports.registry import table_named
from dashboards.exports.tables import Table
from dashboards.models import Export, ExportPiece
from metrics import queries
from metrics.extracts.cursors import Extract, Row
from metrics.queries import Shown

JOB, PURGE = "make_export", "purge_exports"
# So many rows are written within a request; a file of more is left to a job.
AT_ONCE = 5_000
MOST_WAITING = 10
KEPT = timedelta(days=7)
LEVEL = 3
State = Export.State
MAKING = (State.WAITING, State.WORKING)


@dataclass(frozen=True, slots=True)
class Asked:
    """What someone asked for: a table in a format, narrowed, with names or without."""

    table: Table
    format: str
    parameters: Mapping[str, str]
    personal: bool

    @property
    def hash(self) -> str:
        """Return what is the same for the same request."""
        told = [self.table.name, self.format, self.personal, sorted(self.parameters.items())]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def asked(shown: Shown, name: str, form: str, parameters: Mapping[str, str], *, personal: bool) -> Asked:
    """Read a request; ExportError says what is wrong with it."""
    table = table_named(name)
    if form not in ENCODINGS:
        known = ", ".join(ENCODINGS)
        raise ExportError(_("A file is written as one of %(known)s.") % {"known": known})
    if shown.build is None:
        raise ExportError(_("There are no numbers yet. Connect a Stripe account first."), 409)
    told = given.understood(table.parameters, parameters, shown)
    if "month" in table.needs and not ({"from", "to"} & told.keys()):
        told.setdefault("month", f"{shown.today:%Y-%m}")
    if "on" in table.needs:
        told.setdefault("on", shown.today.isoformat())
    for name in ("currency", "in"):
        if name in table.needs:
            told.setdefault(name, queries.default_currency(shown.organization_id))
    return Asked(table, form, told, table.personal and personal)


def make(shown: Shown, wanted: Asked, *, by: User | None, **details: str) -> Export:
    """Make a file in the tenant in progress, or ask a job for it; return the one there is already."""
    held = being_made(shown, wanted)
    if held is not None:
        return held
    if not wanted.personal:
        # A filter by name would tell names too.
        hide_payers()
    scope = Scope(shown, wanted.parameters)
    rows = None if wanted.table.large(scope, AT_ONCE) else at_once(wanted.table, scope)
    # A build that moved on between two statements would show in the rows of a later one.
    steady = moment(queries.shown(shown.organization_id)) == moment(shown)
    export = _new(shown, wanted, by)
    if rows is not None and steady:
        _write(export, wanted, scope, rows)
        export.save(force_insert=True)
    else:
        _refuse_too_many(shown.organization_id)
        Export.objects.bulk_create([export], ignore_conflicts=True)
        export = Export.objects.get(
            organization_id=shown.organization_id, asked=wanted.hash, state__in=MAKING
        )
    told = {"table": wanted.table.name, "format": wanted.format, "personal": wanted.personal, **details}
    record("export.made", actor=by, subject=str(export.id), parameters=dict(wanted.parameters), **told)
    jobs.enqueue(shown.organization_id, PURGE, at=export.expires_at)
    if export.state in MAKING:
        jobs.enqueue(shown.organization_id, JOB, str(export.id))
    return export


def being_made(shown: Shown, wanted: Asked) -> Export | None:
    """Return the file of the same request that is being made."""
    return kept(shown.organization_id).filter(asked=wanted.hash, state__in=MAKING).first()


def kept(organization_id: UUID) -> "QuerySet[Export]":
    """Return the exports that have not expired, newest first."""
    rows = Export.objects.filter(organization_id=organization_id, expires_at__gt=clock.now())
    return rows.select_related("created_by").order_by("-created_at", "-id")


def at_once(table: Table, scope: Scope) -> list[Row] | None:
    """Return all rows of a table, None where they are too many."""
    rows = table.rows(scope)
    found = rows.first(AT_ONCE + 1) if isinstance(rows, Extract) else list(islice(rows, AT_ONCE + 1))
    return found if len(found) <= AT_ONCE else None


def moment(shown: Shown) -> tuple[Any, ...]:
    """Return which numbers are on show: the rules, the build, and when it was computed."""
    return shown.freshness.definition_version, shown.build, shown.freshness.computed_at


def made_of(export: Export) -> tuple[Any, ...]:
    """Return which numbers a file is made of."""
    return export.definition_version, export.build, export.computed_at


def compressed(export: Export, content: bytes) -> ExportPiece:
    """Return the next piece of a file."""
    blob = zstandard.ZstdCompressor(level=LEVEL).compress(content)
    return ExportPiece(
        organization_id=export.organization_id, export_id=export.id, position=export.pieces, content=blob
    )


def note(export: Export, shown: Shown) -> None:
    """Set which numbers a file is made of."""
    fresh = shown.freshness
    export.definition_version, export.build = fresh.definition_version, shown.build
    export.computed_at, export.data_through = fresh.computed_at, fresh.data_through


def _new(shown: Shown, wanted: Asked, by: User | None) -> Export:
    now = clock.now()
    export = Export(
        organization_id=shown.organization_id,
        table=wanted.table.name,
        format=wanted.format,
        parameters=dict(wanted.parameters),
        personal=wanted.personal,
        asked=wanted.hash,
        created_at=now,
        created_by=by,
        expires_at=now + KEPT,
    )
    note(export, shown)
    return export


def _write(export: Export, wanted: Asked, scope: Scope, rows: list[Row]) -> None:
    layout = Layout(wanted.table.columns(scope), personal=wanted.personal)
    encoding = ENCODINGS[wanted.format]
    content = encoding.head(layout) + encoding.body(layout, rows, 0) + encoding.tail(len(rows))
    compressed(export, content).save(force_insert=True)
    export.state, export.ready_at = State.READY, export.created_at
    export.rows, export.size, export.pieces = len(rows), len(content), 1


def _refuse_too_many(organization_id: UUID) -> None:
    waiting = kept(organization_id).filter(state__in=MAKING).count()
    if waiting >= MOST_WAITING:
        words = ngettext(
            "%(count)d file is being made. Wait until it is ready.",
            "%(count)d files are being made. Wait until one is ready.",
            waiting,
        )
        raise ExportError(words % {"count": waiting}, 409)
