"""The history of the sync as rows of a page: what ran, how long, at what cost, and what was mended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing_sync.health import Standing
from billing_sync.models import Repair, SyncRun
from billing_sync.resources import BY_NAME
from config import clock
from dashboards.formatting import DASH, number

Cause = Repair.Cause
REASONS: "dict[str, str | Promise]" = {
    Cause.EVENT_LATE: gettext_lazy("Stripe listed its event only after later ones had been read."),
    Cause.NO_EVENT: gettext_lazy("Stripe changed it without an event."),
    Cause.DELETED_UNANNOUNCED: gettext_lazy("Stripe deleted it without an event. What was known is kept."),
    Cause.WAS_SET_ASIDE: gettext_lazy("It could not be used before; now it can."),
    Cause.NOT_FOLLOWED: gettext_lazy(
        "The key may not read events, so changes are found by comparison alone."
    ),
    Cause.UNEXPLAINED: gettext_lazy(
        "An event had told it, and still the mirror differed. Please report this."
    ),
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run, ready to be drawn."""

    kind: str
    state: str
    badge: str
    account: str
    started_at: datetime
    took: str
    waited: str
    objects: int
    requests: int
    repaired: str
    error: str
    request_id: str


@dataclass(frozen=True, slots=True)
class RepairRow:
    """One repair, ready to be drawn."""

    object_id: str
    kind: str
    account: str
    difference: str
    reason: str
    found_at: datetime


def run_rows(runs: Iterable[SyncRun], standings: Iterable[Standing]) -> list[RunRow]:
    """Return the rows of runs; accounts are named where there are several."""
    names = _names(standings)
    return [_run(one, names.get(one.connection_id, "")) for one in runs]


def repair_rows(repairs: Iterable[Repair], standings: Iterable[Standing]) -> list[RepairRow]:
    """Return the rows of repairs."""
    names = _names(standings)
    return [_repair(one, names.get(one.connection_id, "")) for one in repairs]


def mended(run: SyncRun) -> str:
    """Return what a comparison mended: "repaired: 2, unexplained: 0"."""
    words = _("repaired: %(repaired)s, unexplained: %(unexplained)s")
    return words % {"repaired": number(run.repaired), "unexplained": number(run.unexplained)}


def _names(standings: Iterable[Standing]) -> dict[UUID, str]:
    names = {each.connection_id: each.name for each in standings}
    return names if len(names) > 1 else {}


def _run(run: SyncRun, account: str) -> RunRow:
    badges = {SyncRun.State.FAILED: "badge-bad", SyncRun.State.DONE: "badge-good"}
    state = SyncRun.State(run.state)
    compares = run.kind in (SyncRun.Kind.NIGHTLY, SyncRun.Kind.WEEKLY)
    return RunRow(
        kind=str(SyncRun.Kind(run.kind).label),
        state=str(state.label),
        badge=badges.get(state, ""),
        account=account,
        started_at=run.started_at,
        took=duration((run.ended_at or clock.now()) - run.started_at),
        waited=duration(timedelta(milliseconds=run.waited_ms)) if run.waited_ms else DASH,
        objects=run.objects_read,
        requests=run.requests,
        repaired=mended(run) if compares else "",
        error=run.error,
        request_id="" if run.request_id in run.error else run.request_id,
    )


def duration(length: timedelta) -> str:
    """Return a length of time in its two largest units, from tenths of a second up."""
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 60:
        return _("%(seconds).1f s") % {"seconds": seconds}
    minutes = int(seconds) // 60
    if minutes < 60:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": int(seconds) % 60}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def _repair(repair: Repair, account: str) -> RepairRow:
    resource = BY_NAME.get(repair.resource)
    return RepairRow(
        object_id=repair.stripe_id,
        kind=str(resource.label) if resource else repair.resource,
        account=account,
        difference=str(Repair.Difference(repair.difference).label),
        reason=str(REASONS.get(repair.cause, "")),
        found_at=repair.found_at,
    )
