"""What other settings would make of the whole history; nothing that counts is written."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from accounts import jobs
from accounts.models import User
from accounts.redaction import describe
from accounts.tenancy import tenant
from config import clock
from metrics import definitions
from metrics.build.rows import Row, Table
from metrics.build.write import Build, insert
from metrics.models import CurrentBuild
from metrics.models import Definition as Version
from metrics.restating.comparing import Comparing, Moved
from metrics.restating.models import Preview, PreviewedChange
from metrics.restating.narrowing import Reach, differences
from metrics.settings import changed, settings

logger = logging.getLogger(__name__)

JOB = "preview_definition"
# So many payers are compared within a request, in at most two seconds; more are left to a job.
AT_ONCE = 10_000
KEPT = 10
CHANGE = Table(
    "metrics_previewedchange",
    {
        "preview_id": "uuid",
        "position": "bigint",
        "connection_id": "uuid",
        "customer_id": "text",
        "subscription_id": "text",
        "currency": "text",
        "before_micro": "bigint",
        "after_micro": "bigint",
        "differs_from": "instant",
        "differs_until": "instant",
    },
    ("preview_id", "position"),
    built=False,
)
WAITING, DONE, FAILED, APPLIED = "waiting", "done", "failed", "applied"


class NothingToPreviewError(ValueError):
    """Raised where no number has been made yet, or nothing is proposed."""


def propose(organization_id: UUID, values: Mapping[str, Any], *, by: User) -> Preview:
    """Begin a preview of the definition in force with some settings replaced: at once, or by a job."""
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    if pointer is None:
        raise NothingToPreviewError("There are no numbers yet.")
    present = definitions.of_version(organization_id, pointer.definition_version)
    wanted = changed(present, values)
    reach = Reach.between(present, wanted)
    if not reach.settings:
        raise NothingToPreviewError("Nothing differs.")
    preview = Preview(
        organization_id=organization_id,
        settings={name: settings(wanted)[name] for name in sorted(reach.settings)},
        definition_version=pointer.definition_version,
        build=pointer.build,
        state=WAITING,
        customers=sum(reach.count(organization_id, each) for each in pointer.connection_ids),
        created_at=clock.now(),
        created_by=by,
    )
    preview.save(force_insert=True)
    _forget_old(organization_id)
    if preview.customers <= AT_ONCE:
        compute(organization_id, preview.id)
        preview.refresh_from_db()
    else:
        jobs.enqueue(organization_id, JOB, str(preview.id))
    return preview


def compute(organization_id: UUID, preview_id: UUID) -> None:
    """Compute a preview to its end; one that numbers overtook, or that was forgotten, stays as it is."""
    with tenant(organization_id):
        ours = Preview.objects.filter(organization_id=organization_id, id=preview_id)
        preview = ours.filter(state=WAITING).first()
        pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
        if preview is None or pointer is None or not _is_of(preview, pointer):
            return
        before = definitions.of_version(organization_id, preview.definition_version)
    comparing = Comparing.of(pointer, before, changed(before, preview.settings))
    for done in comparing.run():
        with tenant(organization_id):
            ours.update(customers_done=done)
    with tenant(organization_id):
        _store(preview, comparing)


def _store(preview: Preview, comparing: Comparing) -> None:
    """Write what was found, unless a new build has replaced the one compared with."""
    ours = Preview.objects.filter(organization_id=preview.organization_id, id=preview.id)
    pointer = CurrentBuild.objects.get(organization_id=preview.organization_id)
    if not _is_of(preview, pointer):
        return
    listed = comparing.found.largest()
    PreviewedChange.objects.filter(organization_id=preview.organization_id, preview_id=preview.id).delete()
    changes = [_change(preview, position, one) for position, one in enumerate(listed, 1)]
    insert(CHANGE, Build(preview.organization_id), changes)
    ours.update(state=DONE, customers_done=preview.customers, result=comparing.result())


def compute_or_fail(organization_id: UUID, preview_id: UUID) -> None:
    """Compute a preview in the background; one that cannot be computed says so instead of waiting."""
    try:
        compute(organization_id, preview_id)
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("Preview %s could not be computed.", preview_id)
        with tenant(organization_id):
            ours = Preview.objects.filter(organization_id=organization_id, id=preview_id, state=WAITING)
            ours.update(state=FAILED, error=describe(error))


def hold(organization_id: UUID) -> None:
    """Keep the numbers and the rules as they are until the transaction in progress ends."""
    CurrentBuild.objects.select_for_update().filter(organization_id=organization_id).first()


def is_stale(preview: Preview) -> bool:
    """Say whether other rules or another build have replaced what a preview was compared with."""
    pointer = CurrentBuild.objects.filter(organization_id=preview.organization_id).first()
    newest = Version.objects.filter(organization_id=preview.organization_id).order_by("-version").first()
    return (
        pointer is None
        or newest is None
        or not _is_of(preview, pointer)
        or newest.version != preview.definition_version
    )


def proposed_differences(preview: Preview) -> dict[str, tuple[Any, Any]]:
    """Return each proposed setting with its value before and after."""
    before = definitions.of_version(preview.organization_id, preview.definition_version)
    return differences(before, changed(before, preview.settings))


def apply(preview: Preview, *, by: User) -> int:
    """Make the proposed settings the next version, and have everything computed again; return its number."""
    following = definitions.set_definition(preview.organization_id, preview.settings, by=by)
    Preview.objects.filter(organization_id=preview.organization_id, id=preview.id).update(state=APPLIED)
    jobs.enqueue(preview.organization_id, "recompute")
    return following.version


def _is_of(preview: Preview, pointer: CurrentBuild) -> bool:
    return (preview.definition_version, preview.build) == (pointer.definition_version, pointer.build)


def _change(preview: Preview, position: int, one: Moved) -> Row:
    found = one.difference
    amounts = found.before_micro, found.after_micro
    names = one.connection_id, one.customer_id, found.subscription, found.currency
    return (preview.id, position, *names, *amounts, found.start, found.end)


def _forget_old(organization_id: UUID) -> None:
    rows = Preview.objects.filter(organization_id=organization_id).order_by("-created_at", "-id")
    old = list(rows.values_list("id", flat=True)[KEPT:])
    if old:
        PreviewedChange.objects.filter(organization_id=organization_id, preview_id__in=old).delete()
        Preview.objects.filter(organization_id=organization_id, id__in=old).delete()
