"""What a person may do next with a connection, in its present state."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing_sync import stripe_connect
from billing_sync.models import Connection
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


def counts_live(connections: Iterable[ConnectionProgress]) -> bool:
    """Say whether a live account is summed, which leaves test accounts out."""
    return any(each.livemode and each.imported_at is not None for each in connections)


def _authorization(connection: ConnectionProgress) -> str:
    return _("Connect with Stripe again") if connection.kind == Kind.OAUTH else _("Connect with Stripe")


def _by_connect(connection: ConnectionProgress) -> bool:
    """Say whether Stripe Connect opens accounts of this mode here."""
    return stripe_connect.configured() and stripe_connect.livemode() is connection.livemode
