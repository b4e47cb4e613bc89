"""How the six rules stand at the last local midnight, or why they say nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from accounts.reading import Asked
from billing_sync.health import patience
from billing_sync.models import Connection, SyncCursor
from billing_sync.progress import ConnectionProgress
from config import clock
from metrics.alerts.accounts import Account
from metrics.alerts.failures import NEEDED
from metrics.alerts.loading import all_series, seen_asked, series_of
from metrics.alerts.rules import RULES, AlertSettings, Reading, readings, since
from metrics.alerts.series import Series
from metrics.core.intervals import day_start
from metrics.queries import Freshness, Shown


class Silence(StrEnum):
    """Why the rules say nothing at all."""

    IMPORTING = "importing"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Lack:
    """What a rule is too early for: customers, a day that history must reach back to, or a list."""

    customers: int | None = None
    since: date | None = None
    list_label: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How each rule reads what is known of one currency, and what it is too early for."""

    currency: str
    settings: AlertSettings
    series: Series
    readings: tuple[Reading, ...]
    lacks: dict[str, Lack]


def present(shown: Shown, currency: str, connections: Sequence[ConnectionProgress]) -> Standing | Silence:
    """Read the rules over what is known; while that is not everything, they are silent."""
    silence = silence_of(shown, connections)
    if silence:
        return silence
    series = series_of(shown, currency, shown.today, shown.alerts)
    return _standing(shown, currency, series, connections)


def present_asked(shown: Shown, currency: str, connections: Sequence[ConnectionProgress]) -> list[Asked]:
    """Return what `present` asks, for whoever reads it ahead; while the rules are silent, nothing."""
    if silence_of(shown, connections):
        return []
    return [seen_asked(shown, shown.today, shown.alerts, [currency])]


def all_present(shown: Shown, connections: Sequence[ConnectionProgress]) -> dict[str, Standing] | Silence:
    """Read the rules over every currency, largest MRR first."""
    silence = silence_of(shown, connections)
    if silence:
        return silence
    found = all_series(shown, shown.today, shown.alerts)
    return {each: _standing(shown, each, series, connections) for each, series in found.items()}


def _standing(
    shown: Shown, currency: str, series: Series, connections: Sequence[ConnectionProgress]
) -> Standing:
    lacks = lacking(series, shown.alerts, next(_unread(connections), ""))
    found = tuple(
        Reading(one.rule, "insufficient") if one.rule in lacks and one.level != "off" else one
        for one in readings(series, series.today, shown.alerts)
    )
    return Standing(currency, shown.alerts, series, found, lacks)


def stale(fresh: Freshness, connections: Sequence[Account]) -> bool:
    """Say whether an account that is followed, or what is computed of them all, is older than it may be."""
    through, followed = known_through(fresh, connections), _followed(connections)
    if through is None or not followed:
        return False
    patient = [(one.data_through or through, patience(events_read=one.events_read)) for one in followed]
    now, longest = clock.now(), max(longest for _, longest in patient)
    return now - through >= longest or any(now - read >= most for read, most in patient)


def known_through(fresh: Freshness, connections: Sequence[Account]) -> datetime | None:
    """Return until when the numbers are complete.

    While no payer waits to be computed, the tables hold all that was read: an account in which nothing
    happens moves none of them, and is known through its latest reading nevertheless.
    """
    read = [one.data_through for one in _followed(connections) if one.data_through]
    if fresh.data_through is None or fresh.computing or not read:
        return fresh.data_through
    return max(fresh.data_through, min(read))


def _followed(connections: Sequence[Account]) -> list[Account]:
    left = (Connection.State.DISCONNECTED, Connection.State.DELETING)
    return [one for one in connections if one.kind != Connection.Kind.ARCHIVE and one.state not in left]


def silence_of(shown: Shown, connections: Sequence[Account]) -> Silence | None:
    """Return why nothing can be said, None where the windows are complete."""
    waiting = (Connection.State.CHECKING, Connection.State.IMPORTING)
    if any(each.imported_at is None and each.state in waiting for each in connections):
        return Silence.IMPORTING
    midnight = datetime.fromtimestamp(day_start(shown.today, shown.zone), UTC)
    through = known_through(shown.freshness, connections)
    if through is None or through < midnight or stale(shown.freshness, connections):
        return Silence.STALE
    return None


def lacking(series: Series, settings: AlertSettings, unread: str) -> dict[str, Lack]:
    """Return what each rule is too early for, by rule; `unread` names a list that cannot be read."""
    lacks = {}
    for rule in RULES:
        needed = since(rule, series.today, settings)
        if series.customers < settings.minimum_customers:
            lacks[rule] = Lack(customers=settings.minimum_customers)
        elif series.first_on > needed:
            lacks[rule] = Lack(since=needed)
    if unread:
        lacks.setdefault("failed_payments_rising", Lack(list_label=unread))
    return lacks


def _unread(connections: Sequence[ConnectionProgress]) -> Iterator[str]:
    """Yield the lists of failed payments that some account's key may not read."""
    for each in connections:
        for resource in each.resources:
            if resource.name in NEEDED and resource.state == SyncCursor.State.UNAVAILABLE:
                yield resource.label
