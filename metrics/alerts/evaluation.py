"""Judge the rules of an organization: what fires and what has cleared since the last time.

A rule is judged at each local midnight since the last one judged, so that an outage of ours moves no alert's
day. What was judged over the same tables under the same rules is not judged again.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from billing_sync.models import Connection
from billing_sync.progress import ConnectionProgress, progress
from config import clock
from metrics import queries
from metrics.alerts.evidence import evidence
from metrics.alerts.loading import series_of
from metrics.alerts.models import Alert, AlertEvaluation
from metrics.alerts.notices import MORNING, announce, announce_recovery, remind
from metrics.alerts.present import lacking, silence_of
from metrics.alerts.rules import RULES, Reading
from metrics.alerts.series import Series, days_before
from metrics.alerts.states import fires, told
from metrics.models import CurrentBuild
from metrics.queries import Shown

# Longer than this no outage is caught up day by day: what fired and cleared in it is history.
REACH = timedelta(days=35)
# What a rule says of a day on which somebody may be reminded of its alert.
HEARD = ("alert", "watch", "quiet")


def evaluate(shown: Shown, accounts: Sequence[Connection]) -> bool:
    """Judge every currency's rules over what is known now, inside the organization's tenant.

    Say whether anything was new: a day, numbers, rules, or a silence.
    """
    pointer = CurrentBuild.objects.filter(organization_id=shown.organization_id).first()
    if pointer is None:
        return False
    silence = silence_of(shown, accounts) or ""
    judged = AlertEvaluation.objects.select_for_update().filter(organization_id=shown.organization_id)
    before = {one.currency: one for one in judged}

    def present(currency: str) -> AlertEvaluation:
        last = before.get(currency)
        return AlertEvaluation(
            organization_id=shown.organization_id,
            currency=currency,
            through=last.through if silence and last else shown.today,
            build=pointer.build,
            computed_at=pointer.computed_at,
            rules_version=shown.alerts_version,
            silence=str(silence),
        )

    if before and all(_same(last, present(currency)) for currency, last in before.items()):
        return False
    connections = progress(shown.organization_id)
    currencies = queries.all_months(shown).currencies()
    for currency in currencies:
        _evaluate(shown, connections, before.get(currency), present(currency))
    if not silence:
        _end_of_lost(shown, currencies)
    return True


def _evaluate(
    shown: Shown,
    connections: Sequence[ConnectionProgress],
    last: AlertEvaluation | None,
    now: AlertEvaluation,
) -> None:
    """Judge one currency; before the first judgement nothing is remembered, so that no past day is judged."""
    if last is None and now.silence:
        return
    if not now.silence:
        start = last.through if last is not None else shown.today
        _judge(shown, now.currency, connections, max(start, shown.today - REACH))
    now.save(force_insert=last is None, force_update=last is not None)


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
    """Let one rule's alert begin, go on or end, day after day; of many days, the last alone reminds.

    A rule that was switched off, and a currency that nobody pays in any more, end an alert without a word.
    """
    before = days[0][1]
    for on, today in days[1:]:
        if alert is None and fires(before, today):
            alert = _fire(shown, series, on, today, currency)
        elif alert is not None and (today.level == "off" or not series.customers_at(on)):
            _end(alert, series.today)
            alert = None
        elif alert is not None and today.clears and on > alert.fired_on:
            announce_recovery(shown, alert)
            _end(alert, on)
            alert = None
        before = today
    if alert is not None and before.level in HEARD:
        remind(shown, alert, since=days[0][0])


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


def _end_of_lost(shown: Shown, currencies: Sequence[str]) -> None:
    """End the alerts of currencies that the tables no longer know, as when an account is left."""
    firing = Alert.objects.filter(organization_id=shown.organization_id, recovered_on=None)
    firing.exclude(currency__in=currencies).update(recovered_on=shown.today)


def _text(value: object) -> str:
    return "" if value is None else str(value)
