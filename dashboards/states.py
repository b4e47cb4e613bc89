"""Which page an organization is shown: numbers, or what stands between it and them."""

from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from accounts.models import Organization
from billing_sync.health import Health, standing_of
from billing_sync.models import Connection
from billing_sync.progress import ConnectionProgress
from config import clock, dates
from dashboards.health_words import TEXTS, WAYS_OUT, text_for
from metrics.alerts.present import stale
from metrics.queries import Freshness

LEFT = (Connection.State.DISCONNECTED, Connection.State.DELETING)


class State(StrEnum):
    """What a dashboard shows; each is a template under dashboards/states/."""

    EMPTY = "empty"
    CHECKING = "checking"
    REFUSED = "refused"
    IMPORTING = "importing"
    COMPUTING = "computing"
    UNPAID = "unpaid"
    NUMBERS = "numbers"

    @property
    def waiting(self) -> bool:
        """Say whether the page changes by itself soon, so that it asks again."""
        return self in (State.CHECKING, State.IMPORTING, State.COMPUTING)

    @property
    def template(self) -> str:
        return f"dashboards/states/{self}.html"


@dataclass(frozen=True, slots=True)
class Warning:
    """Something to know before reading the numbers, and where to mend it."""

    level: str
    heading: str
    text: str
    url: str = ""
    action: str = ""


def leading(connections: list[ConnectionProgress]) -> ConnectionProgress | None:
    """Return the connection that a page without numbers is about: the one furthest on, none that was left."""
    order = [Connection.State.LIVE.value, Connection.State.IMPORTING.value, Connection.State.CHECKING.value]
    places = {state: place for place, state in enumerate(order)}
    here = [each for each in connections if each.state not in LEFT]
    return min(here, key=lambda each: places.get(each.state, len(order)), default=None)


def state_of(connections: list[ConnectionProgress], fresh: Freshness, currencies: list[str]) -> State:
    """Return what to show; numbers that exist are never hidden behind a new import."""
    if currencies:
        return State.NUMBERS
    connection = leading(connections)
    if connection is None:
        return State.EMPTY
    if connection.failed:
        return State.REFUSED
    if connection.state == Connection.State.CHECKING:
        return State.CHECKING
    if connection.state == Connection.State.IMPORTING:
        return State.IMPORTING
    return State.COMPUTING if fresh.computed_at is None or fresh.computing else State.UNPAID


def warnings(
    organization: Organization, connections: list[ConnectionProgress], fresh: Freshness
) -> list[Warning]:
    """Return what keeps the numbers from being complete or current."""
    url = reverse("connections", args=[organization.slug])
    found = [_about(each, url) for each in connections]
    return [each for each in [*found, _stale(connections, fresh, url)] if each is not None]


def _about(connection: ConnectionProgress, url: str) -> Warning | None:
    name = connection.name or connection.account_id or connection.key_hint
    if connection.failed:
        heading = _("%(name)s is not being read.") % {"name": name}
        return Warning("error", heading, connection.error, url, _("See the connection"))
    if connection.state == Connection.State.DISCONNECTED:
        return _left(connection, name, url)
    if connection.state == Connection.State.IMPORTING:
        heading = _("%(name)s is being imported.") % {"name": name}
        return Warning("info", heading, _("Its revenue is not in these numbers yet."), url, _("Watch it"))
    if connection.error:
        heading = _("Stripe did not answer as expected.")
        return Warning("warning", heading, connection.error, url, _("See the connection"))
    return _lacking(connection, name, url)


def _lacking(connection: ConnectionProgress, name: str, url: str) -> Warning | None:
    """Return what holds an account up or is missing of it, though it is read."""
    words = {"name": name}
    standing = standing_of(connection)
    health = standing.health
    if health == Health.RATE_LIMITED:
        return Warning("info", _("%(name)s is rate-limited.") % words, str(TEXTS[health]), url, _("Watch it"))
    if health == Health.PARTIAL:
        heading = _("%(name)s is not read completely.") % words
        return Warning("info", heading, text_for(standing), url, str(WAYS_OUT[health]))
    return None


def _left(connection: ConnectionProgress, name: str, url: str) -> Warning | None:
    """Return what is known of an account that is read no longer; nothing where it has no numbers."""
    if connection.imported_at is None or connection.data_through is None:
        return None
    heading = _("%(name)s is disconnected.") % {"name": name}
    through = dates.long_moment(connection.data_through)
    text = _("Its numbers stay as they were on %(through)s UTC.") % {"through": through}
    return Warning("info", heading, text, url, _("See the connection"))


def _stale(connections: list[ConnectionProgress], fresh: Freshness, url: str) -> Warning | None:
    through = fresh.data_through
    if through is None or not stale(fresh, connections):
        return None
    heading = _("These numbers are %(age)s old.") % {"age": timesince(through, clock.now(), depth=1)}
    text = _("Nothing newer has arrived from Stripe; what happened since is missing here.")
    return Warning("warning", heading, text, url, _("See why"))
