"""Judge the rules of an organization: what fires and what has cleared since the last time.

A rule is judged at each local midnight since the last one judged, so that an outage of ours moves no alert's
day. What was judged over the same tables under the same rules is not judged again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from config import clock
from metrics.alerts.accounts import Account, unread_list
from metrics.alerts.evidence import evidence
from metrics.alerts.judged import Judged, judged, keep
from metrics.alerts.loading import all_series
from metrics.alerts.models import Alert
from metrics.alerts.notices import MORNING, announce, announce_recovery, remind
from metrics.alerts.present import lacking, silence_of
from metrics.alerts.rules import RULES, Reading
from metrics.alerts.series import Series, days_before
from metrics.alerts.states import fires, told
from metrics.queries import Shown

# Longer than this no outage is caught up day by day: what fired and cleared in it is history.
REACH = timedelta(days=35)
# What a rule says of a day on which somebody may be reminded of its alert.
HEARD = ("alert", "watch", "quiet")


def evaluate(shown: Shown, accounts: Sequence[Account]) -> bool:
    """Judge every currency's rules over what is known now, inside the organization's tenant.

    Say whether anything was new: a day, numbers, rules, or a silence.
    """
    if shown.build is None:
        return False
    silence = silence_of(shown, accounts)
    present = Judged(
        through=shown.today,
        build=shown.build,
        computed_at=shown.freshness.computed_at,
        rules_version=shown.alerts_version,
        silence=str(silence or ""),
    )
    before = judged(shown.organization_id)
    if before and all(last == present.after(last) for last in before.values()):
        return False
    # Whoever judges holds these rows until it has said what it found: nobody says it beside it.
    before = judged(shown.organization_id, lock=True)
    if silence:
        keep(shown.organization_id, {one: present.after(last) for one, last in before.items()})
        return True
    currencies = _judge_all(shown, {one: last.through for one, last in before.items()})
    keep(shown.organization_id, dict.fromkeys(currencies, present))
    return True


def _judge_all(shown: Shown, through: Mapping[str, date]) -> list[str]:
    """Judge each currency since its last day; before the first, nothing is remembered of days past.

    The alerts of a currency that the tables no longer know end, as when an account is left.
    """
    earliest = shown.today - REACH
    starts = {currency: max(last, earliest) for currency, last in through.items()}
    first = min(starts.values(), default=shown.today)
    found = all_series(shown, days_before(min(first, shown.today), 1), shown.alerts)
    firing, unread = _firing(shown), unread_list(shown.organization_id)
    for currency, series in found.items():
        start = starts.get(currency, shown.today)
        _judge(shown, currency, series, unread, start, firing.pop(currency, {}))
    for lost in firing.values():
        for alert in lost.values():
            _end(alert, shown.today)
    return list(found)


def _firing(shown: Shown) -> dict[str, dict[str, Alert]]:
    """Return the alerts that are firing, by currency and rule; those of a currency that is gone too."""
    firing: dict[str, dict[str, Alert]] = defaultdict(dict)
    for one in Alert.objects.filter(organization_id=shown.organization_id, recovered_on=None):
        firing[one.currency][one.rule] = one
    return firing


def next_look(shown: Shown) -> datetime:
    """Return when to look again though nothing changed: the next morning, or an hour from now."""
    morning = datetime.combine(shown.today, MORNING, shown.zone)
    if morning <= clock.now():
        morning = datetime.combine(shown.today + timedelta(days=1), MORNING, shown.zone)
    return min(morning.astimezone(UTC), clock.now() + timedelta(hours=1))


def _judge(
    shown: Shown, currency: str, series: Series, unread: str, start: date, firing: Mapping[str, Alert]
) -> None:
    lacks = lacking(series, shown.alerts, unread)
    for rule in RULES:
        if rule not in lacks or not lacks[rule].list_label:
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


def _text(value: object) -> str:
    return "" if value is None else str(value)
