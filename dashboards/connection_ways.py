"""What a person may do next with a connection, in its present state."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from billing_sync import stripe_connect
from billing_sync.models import Connection
from billing_sync.overlap import superseded
from billing_sync.progress import ConnectionProgress

State, Kind = Connection.State, Connection.Kind
STOPPED = (State.REFUSED, State.REVOKED, State.DISCONNECTED)


@dataclass(frozen=True, slots=True)
class Ways:
    """The words on the buttons of a connection; an empty one is not shown."""

    key: str = ""
    authorization: str = ""
    leave: str = ""


def ways(connection: ConnectionProgress) -> Ways:
    """Return what a connection offers to those who may change it."""
    if connection.state == State.DELETING:
        return Ways()
    if connection.kind == Kind.ARCHIVE:
        return Ways(leave=_("Delete its data"))
    stopped = connection.state in STOPPED
    leave = _("Disconnect")
    if connection.state == State.DISCONNECTED:
        leave = _("Delete its data")
    elif stopped and not connection.account_id:
        leave = _("Remove")
    return Ways(
        key=_("Paste a key") if stopped else _("Replace the key"),
        authorization=_authorization(connection) if stopped and _by_connect(connection) else "",
        leave=leave,
    )


def left_out(connections: Sequence[ConnectionProgress]) -> dict[UUID, str]:
    """Return why connections are not summed, each with its reason."""
    archives = superseded(connections)
    live = any(each.livemode and each.imported_at is not None for each in connections)
    tests = {each.id for each in connections if live and each.livemode is False} - archives
    why = _("Not in your numbers: while a live account is connected, test accounts are left out.")
    return {**dict.fromkeys(tests, why), **{one: _already_read(connections, one) for one in archives}}


def _already_read(connections: Iterable[ConnectionProgress], archive: UUID) -> str:
    accounts = {each.id: each.account_id for each in connections}
    names = [each.name for each in connections if each.account_id == accounts[archive] and each.id != archive]
    return _(
        "Not in your numbers: these events are of %(account)s, which is connected and counted from what "
        "Stripe itself shows."
    ) % {"account": names[0]}


def _authorization(connection: ConnectionProgress) -> str:
    return _("Connect with Stripe again") if connection.kind == Kind.OAUTH else _("Connect with Stripe")


def _by_connect(connection: ConnectionProgress) -> bool:
    """Say whether Stripe Connect opens accounts of this mode here."""
    return stripe_connect.configured() and stripe_connect.livemode() is connection.livemode
