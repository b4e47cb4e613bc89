"""The job that keeps an organization's numbers up to date."""

from datetime import timedelta
from uuid import UUID

from accounts.jobs import DONE, MORE, Later, Outcome, enqueue, handler
from accounts.tenancy import tenant
from billing_sync.progress import progress
from config import clock
from metrics import queries
from metrics.alerts.evaluation import evaluate, next_look
from metrics.alerts.notices import send_digest, tell_movements, tell_troubles
from metrics.alerts.present import Silence, silence_of
from metrics.build.recompute import Road, advance, wake_at, which
from metrics.build.sources import alone

PAUSE = timedelta(seconds=2)


@handler("recompute")
def recompute(organization_id: UUID, key: str) -> Outcome:
    """Work off what the mirror marked, and come back when MRR next changes by date alone."""
    if which(organization_id) is Road.WAIT:
        return Later(clock.now() + PAUSE)
    with alone(organization_id):
        if advance(organization_id):
            return MORE
    enqueue(organization_id, "evaluate_alerts")
    at = wake_at(organization_id)
    return Later(at) if at else DONE


@handler("evaluate_alerts")
def evaluate_alerts(organization_id: UUID, key: str) -> Outcome:
    """Judge the alert rules after a change of the numbers, and each morning."""
    with tenant(organization_id):
        shown, connections = queries.shown(organization_id), progress(organization_id)
        evaluate(shown, connections)
        tell_troubles(shown, connections)
        if silence_of(shown, connections) is not Silence.IMPORTING:
            tell_movements(shown)
            send_digest(shown)
        return Later(next_look(shown))
