"""Judge the rules of an organization: what fires and what has cleared since the last time.

A rule is judged at each local midnight since the last one judged, so that an outage of ours moves no alert's
day. What was judged over the same tables under the same rules is not judged again.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from billing_sync.progress import ConnectionProgress, progress
from config import clock
from metrics import queries
from metrics.alerts.evidence import evidence
from metrics.alerts.loading import series_of
from metrics.alerts.models import Alert, AlertEvaluation
from metrics.alerts.notices import announce, announce_recovery, remind
from metrics.alerts.present import lacking, silence_of
from metrics.alerts.rules import RULES, Reading
from metrics.alerts.series import Series, days_before
from metrics.alerts.states import fires, told
from metrics.models import CurrentBuild
from metrics.queries import Shown

MORNING = time(7)
# Longer than this no outage is caught up day by day: what fired and cleared in it is history.
REACH = timedelta(days=35)


def evaluate(organization_id: UUID) -> None:
    """Judge every currency's rules over what is known now, inside the organization's tenant."""
    shown, connections = queries.shown(organization_id), progress(organization_id)
    pointer = CurrentBuild.objects.filter(organization_id=organization_id).first()
    if pointer is None:
        return
    silence = silence_of(shown, connections) or ""
    judged = AlertEvaluation.objects.select_for_update().filter(organization_id=organization_id)
    before = {one.currency: one for one in judged}
    for currency in queries.all_months(shown).currencies():
        present = AlertEvaluation(
            organization_id=organization_id,
            currency=currency,
            through=shown.today,
            build=pointer.build,
            computed_at=pointer.computed_at,
            rules_version=shown.alerts_version,
            silence=str(silence),
        )
        last = before.get(currency)
        if last is not None and _same(last, present):
            continue
        if not silence:
            start = last.through if last is not None else shown.today
            _judge(shown, currency, connections, max(start, shown.today - REACH))
        elif last is not None:
            present.through = last.through
        present.save(force_insert=last is None, force_update=last is not None)


def next_look(shown: Shown) -> datetime:
    """Return when to look again though nothing changed: the next morning, or an hour from now."""
    morning = datetime.combine(shown.today, MORNING, shown.zone)
    if morning <= clock.now():
        morning = datetime.combine(shown.today + timedelta(days=1), MORNING, shown.zone)
    return min(morning.astimezone(UTC), clock.now() + timedelta(hours=1))


def _same(last: AlertEvaluation, present: AlertEvaluation) -> bool:
    fields = ("through", "build", "computed_at", "rules_version", "silence")
    return all(getattr(last, name) == getattr(present, name) for name in fields)


def _judge(shown: Shown, currency: str, connections: Sequence[ConnectionProgress], start: date) -> None:
    series = series_of(shown, currency, days_before(start, 1), shown.alerts)
    unread = {rule for rule, lack in lacking(series, shown.alerts, connections).items() if lack.list_label}
    alerts = Alert.objects.filter(organization_id=shown.organization_id, currency=currency)
    firing = {one.rule: one for one in alerts.filter(recovered_on=None)}
    for rule in RULES:
        if rule not in unread:
            days = told(rule, series, days_before(start, 1), shown.alerts)
            _follow(shown, series, days, firing.get(rule), currency)


def _follow(
    shown: Shown,
    series: Series,
    days: Sequence[tuple[date, Reading]],
    alert: Alert | None,
    currency: str,
) -> None:
    """Let one rule's alert begin, go on or end, day after day."""
    before = days[0][1]
    for on, today in days[1:]:
        if alert is None and fires(before, today):
            alert = _fire(shown, series, on, today, currency)
        elif alert is not None and today.level == "off":
            _end(alert, series.today)
            alert = None
        elif alert is not None and today.clears and on > alert.fired_on:
            announce_recovery(shown, alert)
            _end(alert, on)
            alert = None
        elif alert is not None:
            remind(shown, alert, on)
        before = today


def _fire(shown: Shown, series: Series, on: date, found: Reading, currency: str) -> Alert | None:
    """Begin an alert; one that cleared earlier the same day does not begin again."""
    rule, settings = found.rule, shown.alerts
    alert, made = Alert.objects.get_or_create(
        organization_id=shown.organization_id,
        currency=currency,
        rule=rule,
        fired_on=on,
        defaults={
            "value": _text(found.value),
            "threshold": _text(found.threshold),
            "evidence": evidence(shown, currency, rule, series, on, settings).stored(),
            "rules_version": shown.alerts_version,
            "created_at": clock.now(),
        },
    )
    if not made:
        return None
    announce(shown, alert)
    return alert


def _end(alert: Alert, on: date) -> None:
    Alert.objects.filter(organization_id=alert.organization_id, id=alert.id).update(recovered_on=on)


def _text(value: object) -> str:
    return "" if value is None else str(value)
