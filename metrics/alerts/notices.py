"""Who is told what: a row of the outbox in the transaction that decides, when she wants to be told."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from accounts.members import members_of
from accounts.models import Organization
from accounts.outbox import put
from billing_sync.models import Connection
from config import clock
from metrics.alerts.models import Acknowledgement, Alert, MailPreference
from metrics.models import Movement
from metrics.queries import Shown, current

MICRO = 1_000_000
# A movement older than yesterday is history: an import or a correction, not news.
NEWS = timedelta(days=1)
SILENT_FOR = timedelta(hours=6)
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


def remind(shown: Shown, alert: Alert, on: date) -> None:
    """Tell whoever asked for it that an alert goes on, unless someone has acknowledged it for now."""
    days = (on - alert.fired_on).days
    if days <= 0 or acknowledged(alert, on):
        return

    def due(one: MailPreference) -> bool:
        return one.alerts and bool(one.reminder_days) and days % (one.reminder_days or 1) == 0

    _tell(shown, "reminder", f"reminder:{alert.id}:{on.isoformat()}", due)


def acknowledged(alert: Alert, on: date) -> bool:
    """Tell whether someone wants to hear nothing of an alert on a day."""
    said = Acknowledgement.objects.filter(organization_id=alert.organization_id, alert_id=alert.id)
    return any(one.until is None or on < one.until for one in said)


def send_digest(shown: Shown) -> None:
    """Send the weekly digest, once, from Monday morning on."""
    if shown.today.weekday() == 0:
        _tell(shown, "digest", f"digest:{shown.today.isoformat()}", lambda one: one.weekly_digest)


def tell_movements(shown: Shown) -> None:
    """Tell each member of yesterday's and today's movements that are as large as she asked for."""
    wanting = [one for one in preferences(shown.organization_id) if one.movements_above_minor is not None]
    if not wanting:
        return
    rows = current(Movement.objects.filter(date__gte=shown.today - NEWS), shown.organization_id)
    for on, connection_id, currency, customer, amount in rows.values_list(
        "date", "connection_id", "currency", "customer_id", "amount_micro"
    ):
        large = [one for one in wanting if abs(amount) >= (one.movements_above_minor or 0) * MICRO]
        _put(shown, "movement", f"movement:{on}:{connection_id}:{currency}:{customer}", large)


def tell_troubles(shown: Shown) -> None:
    """Tell, once a day at most, that an account is refused or has been silent for hours."""
    for one in Connection.objects.filter(organization_id=shown.organization_id):
        state = _trouble(one)
        if state:
            key = f"sync:{one.id}:{state}:{shown.today.isoformat()}"
            _tell(shown, "sync", key, lambda one: one.sync_problems)


def _trouble(connection: Connection) -> str:
    if connection.imported_at is None or connection.kind == Connection.Kind.ARCHIVE:
        return ""
    if connection.state in BROKEN:
        return str(connection.state)
    through = connection.data_through
    silent = through is not None and clock.now() - through > SILENT_FOR
    return "stale" if silent and connection.state == Connection.State.LIVE else ""


def _tell(shown: Shown, kind: str, key: str, wants: Callable[[MailPreference], bool]) -> None:
    _put(shown, kind, key, (one for one in preferences(shown.organization_id) if wants(one)))


def _put(shown: Shown, kind: str, key: str, wanting: Iterable[MailPreference]) -> None:
    for one in wanting:
        put(shown.organization_id, [one.user_id], kind, key, due_at=_due(shown, one))


def _due(shown: Shown, wanted: MailPreference) -> datetime | None:
    """Return the end of the member's quiet hours where it is within them now; local hours of the zone."""
    start, end = wanted.quiet_from, wanted.quiet_until
    if start is None or end is None or start == end:
        return None
    local = clock.now().astimezone(shown.zone)
    quiet = start <= local.hour < end if start < end else local.hour >= start or local.hour < end
    if not quiet:
        return None
    on = local.date() + timedelta(days=1) if local.hour >= end else local.date()
    return datetime.combine(on, time(end), shown.zone).astimezone(UTC)
