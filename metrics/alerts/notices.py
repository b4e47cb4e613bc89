"""Who is told what: a row of the outbox in the transaction that decides, when she wants to be told."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import connection
from django.db.models.functions import Abs

from accounts.members import members_of
from accounts.models import Organization, Outbox
from accounts.outbox import put
from billing_sync.health import patience
from billing_sync.models import Connection
from config import clock
from metrics.alerts.accounts import Followed
from metrics.alerts.models import Acknowledgement, Alert, MailPreference
from metrics.alerts.quiet import quiet_until
from metrics.core.money import MICRO, decimals
from metrics.models import Movement
from metrics.queries import Shown, current

# A movement older than yesterday is history: an import or a correction, not news.
NEWS = timedelta(days=1)
MORNING = time(7)
MOVEMENTS_A_DAY = 20
SILENT_FOR = timedelta(hours=6)
WANTED = """
SELECT EXISTS (
    SELECT FROM metrics_mailpreference WHERE organization_id = %s AND movements_above_minor IS NOT NULL
)
"""
BROKEN = (Connection.State.REVOKED, Connection.State.REFUSED)


def preferences(organization_id: UUID) -> Iterator[MailPreference]:
    """Yield what each member wants to be told, the defaults for one who never said."""
    organization = Organization(id=organization_id)
    said = {one.user_id: one for one in MailPreference.objects.filter(organization_id=organization_id)}
    for membership in members_of(organization):
        default = MailPreference(organization_id=organization_id, user_id=membership.user_id)
        yield said.get(membership.user_id, default)


def announce(shown: Shown, alert: Alert) -> None:
    """Tell whoever wants alerts that one fired."""
    _tell(shown, "alert", f"alert:{alert.id}", lambda one: one.alerts)


def announce_recovery(shown: Shown, alert: Alert) -> None:
    """Tell whoever wants recoveries that an alert has cleared."""
    _tell(shown, "recovery", f"recovery:{alert.id}", lambda one: one.recoveries)


def remind(shown: Shown, alert: Alert, *, since: date) -> None:
    """Tell whoever asked for it that an alert goes on, unless someone has acknowledged it for now.

    A reminder is due every so many days after the first; days before `since` had their chance.
    """
    days = (shown.today - alert.fired_on).days
    wanting = [one for one in preferences(shown.organization_id) if one.alerts and one.reminder_days]
    if not wanting or acknowledged(alert, shown.today):
        return
    for one in wanting:
        passed = days // (one.reminder_days or 1) * (one.reminder_days or 1)
        due_on = alert.fired_on + timedelta(days=passed)
        if passed and due_on >= since:
            _put(shown, "reminder", f"reminder:{alert.id}:{due_on.isoformat()}", [one])


def acknowledged(alert: Alert, on: date) -> bool:
    """Tell whether someone wants to hear nothing of an alert on a day."""
    said = Acknowledgement.objects.filter(organization_id=alert.organization_id, alert_id=alert.id)
    return any(one.until is None or on < one.until for one in said)


def send_digest(shown: Shown) -> None:
    """Send the weekly digest, once, from Monday morning on."""
    if shown.today.weekday() != 0 or clock.now().astimezone(shown.zone).time() < MORNING:
        return
    key = f"digest:{shown.today.isoformat()}"
    if not Outbox.objects.filter(organization_id=shown.organization_id, key=key).exists():
        _tell(shown, "digest", key, lambda one: one.weekly_digest)


def tell_movements(shown: Shown) -> None:
    """Tell each member of yesterday's and today's movements that are as large as she asked for.

    Of each day the largest alone: a change of a whole price list is for the digest.
    """
    with connection.cursor() as cursor:
        cursor.execute(WANTED, [shown.organization_id])
        if not cursor.fetchone()[0]:
            return
    wanting = [one for one in preferences(shown.organization_id) if one.movements_above_minor is not None]
    for on in (shown.today - NEWS, shown.today) if wanting else ():
        rows = current(Movement.objects.filter(date=on), shown.organization_id)
        largest = rows.order_by(Abs("amount_micro").desc(), "customer_id")[:MOVEMENTS_A_DAY]
        for connection_id, currency, customer, amount in largest.values_list(
            "connection_id", "currency", "customer_id", "amount_micro"
        ):
            large = [one for one in wanting if is_large(one, amount, currency)]
            _put(shown, "movement", f"movement:{on}:{connection_id}:{currency}:{customer}", large)


def is_large(wanted: MailPreference, amount_micro: int, currency: str) -> bool:
    """Tell whether a member wants to hear of an amount; she gave hundredths of any currency's unit."""
    if wanted.movements_above_minor is None:
        return False
    least_micro: int = wanted.movements_above_minor * 10 ** decimals(currency) * MICRO // 100
    return abs(amount_micro) >= least_micro


def tell_troubles(shown: Shown, accounts: Iterable[Followed]) -> None:
    """Tell, once a day at most, that an account is refused or has been silent for hours."""
    for one in accounts:
        state = _trouble(one)
        if state:
            key = f"sync:{one.id}:{state}:{shown.today.isoformat()}"
            _tell(shown, "sync", key, lambda one: one.sync_problems)


def tell_drift(shown: Shown, audit_id: UUID) -> None:
    """Tell whoever hears of the sync's troubles that stored numbers differ from what is behind them."""
    _tell(shown, "audit", f"audit:{audit_id}", lambda one: one.sync_problems)


def _trouble(account: Followed) -> str:
    if account.imported_at is None or account.kind == Connection.Kind.ARCHIVE:
        return ""
    if account.state in BROKEN:
        return str(account.state)
    through = account.data_through
    most = max(SILENT_FOR, patience(events_read=account.events_read))
    silent = through is not None and clock.now() - through > most
    return "stale" if silent and account.state == Connection.State.LIVE else ""


def _tell(shown: Shown, kind: str, key: str, wants: Callable[[MailPreference], bool]) -> None:
    _put(shown, kind, key, (one for one in preferences(shown.organization_id) if wants(one)))


def _put(shown: Shown, kind: str, key: str, wanting: Iterable[MailPreference]) -> None:
    for one in wanting:
        put(shown.organization_id, [one.user_id], kind, key, due_at=_due(shown, one))


def _due(shown: Shown, wanted: MailPreference) -> datetime | None:
    return quiet_until(wanted, clock.now(), shown.zone)
