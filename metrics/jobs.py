"""The job that keeps an organization's numbers up to date."""

import time
from datetime import datetime, timedelta
from uuid import UUID

from accounts.batches import AT_ONCE, take_along
from accounts.jobs import DONE, MORE, Later, Outcome, enqueue, enqueue_by, handler, in_foreground
from accounts.standing import standing
from accounts.tenancy import tenant, tenant_road
from config import clock
from metrics import queries
from metrics.alerts.accounts import accounts_of
from metrics.alerts.evaluation import evaluate, next_look
from metrics.alerts.notices import send_digest, tell_movements, tell_troubles
from metrics.alerts.present import Silence, silence_of
from metrics.auditing import nightly
from metrics.bridge.comparing import compare_named
from metrics.bridge.uploads.settling import settle_named
from metrics.bridge.uploads.storing import take_in_named
from metrics.build import parts
from metrics.build.marks import next_due
from metrics.build.recompute import PAUSE_SECONDS, Pace, advance, finish
from metrics.clean.checking import check_named
from metrics.cohorts import counting
from metrics.exchange.fetching import fetch
from metrics.exposure import looking
from metrics.payback import channels
from metrics.restating import previews

PAUSE = timedelta(seconds=2)


@handler("recompute")
def recompute(organization_id: UUID, key: str) -> Outcome:
    """Work off what the mirror marked, and come back when MRR next changes by date alone."""
    pace = advance(organization_id)
    if pace is Pace.WAIT:
        return Later(clock.now() + PAUSE)
    if pace is Pace.MORE:
        return MORE
    if pace is Pace.OTHERS:
        return _wait_for_others()
    with tenant_road(organization_id) as road:
        due = next_due(organization_id, road)
        enqueue_by(road, organization_id, "evaluate_alerts")
        enqueue_by(road, organization_id, "diagnose")
        enqueue_by(road, organization_id, counting.JOB, at=clock.now() + counting.SOON)
    ((at,),) = due.fetchall()
    return Later(at) if at else DONE


def _wait_for_others() -> Outcome:
    # A command ends with its work, so it stays; a worker has other jobs to do.
    if not in_foreground():
        return Later(clock.now() + PAUSE)
    time.sleep(PAUSE_SECONDS)
    return MORE


@handler(parts.JOB)
def build_part(organization_id: UUID, key: str) -> Outcome:
    """Build one range of payers; who ends the last one lets readers see the build."""
    worked = parts.step(organization_id, key)
    if parts.remaining(organization_id, key):
        return MORE if worked else Later(clock.now() + PAUSE)
    if parts.is_built(organization_id):
        finish(organization_id)
        enqueue(organization_id, "recompute")
    return DONE


@handler("evaluate_alerts", at_once=AT_ONCE)
def evaluate_alerts(organization_id: UUID, key: str) -> Outcome:
    """Judge the alert rules after a change of the numbers, and each morning; others' that are due as well."""
    at = look(organization_id)
    take_along("evaluate_alerts", look)
    return Later(at)


def look(organization_id: UUID) -> datetime:
    """Judge one organization's rules and tell what is news; return when to look again."""
    with tenant(organization_id):
        shown, accounts = queries.shown(organization_id), accounts_of(organization_id)
        fresh = evaluate(shown, accounts)
        tell_troubles(shown, accounts)
        if silence_of(shown, accounts) is not Silence.IMPORTING:
            if fresh:
                tell_movements(shown)
            send_digest(shown)
        return next_look(shown)


@handler("diagnose")
def diagnose(organization_id: UUID, key: str) -> Outcome:
    """Look at whose MRR is at risk after a change of the numbers, and as each day begins."""
    if looking.look(organization_id):
        return MORE
    at = looking.next_day(organization_id)
    return Later(at) if at else DONE


@handler(counting.JOB)
def count_cohorts(organization_id: UUID, key: str) -> Outcome:
    """Count everyone's whole life anew where the numbers have moved, the more rarely the longer it takes."""
    at = counting.keep_up(organization_id)
    channels.read(organization_id)
    return Later(at) if at else DONE


@handler(previews.JOB)
def preview_definition(organization_id: UUID, key: str) -> Outcome:
    """Compute what proposed settings would make of a large organization's history."""
    previews.compute_or_fail(organization_id, UUID(key))
    return DONE


@handler("fetch_rates")
def fetch_rates(organization_id: UUID, key: str) -> Outcome:
    """Read the central bank's exchange rates, and again the day after."""
    return Later(fetch(organization_id))


@handler("compare_tools")
def compare_tools(organization_id: UUID, key: str) -> Outcome:
    """Compute what other tools make of a month."""
    with tenant(organization_id):
        compare_named(organization_id, key)
    return DONE


@handler("read_upload")
def read_upload(organization_id: UUID, key: str) -> Outcome:
    """Read a large uploaded file by the columns that were chosen."""
    with tenant(organization_id):
        take_in_named(organization_id, key)
    return DONE


@handler("settle_upload")
def settle_upload(organization_id: UUID, key: str) -> Outcome:
    """Compare an uploaded month with ours, customer by customer."""
    with tenant(organization_id):
        settle_named(organization_id, key)
    return DONE


@handler("clean_check")
def clean_check(organization_id: UUID, key: str) -> Outcome:
    """Check a month of a large organization."""
    with tenant(organization_id):
        check_named(organization_id, key)
    return DONE


@standing("audit")
def audit(organization_id: UUID, key: str) -> Outcome:
    """Sum everything once more by other means, each night, and tell where the tables differ."""
    return Later(nightly.step(organization_id))
