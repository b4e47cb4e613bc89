"""Try a key against Stripe: which account it opens, what it may read, and what is missing."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import jobs
from accounts.models import Organization
from accounts.tenancy import tenant
from billing_sync import backfill
from billing_sync.access import hand_over, stripe_of
from billing_sync.connecting import forget_attempts
from billing_sync.models import Connection, SyncCursor
from billing_sync.payload import JsonObject
from billing_sync.resource import Resource
from billing_sync.resources import EVENTS, RESOURCES
from billing_sync.stripe_client import Stripe
from billing_sync.stripe_errors import (
    KeyExpiredError,
    KeyWrongError,
    NotFoundError,
    PermissionMissingError,
    StripeError,
    TooLargeError,
)
from billing_sync.trouble import how_to_add, wait_for
from billing_sync.webhooks import connected
from config.clock import now

OK, MISSING, UNAVAILABLE = "ok", "missing", "unavailable"
ENDED = (Connection.State.DISCONNECTED, Connection.State.DELETING)


def check(organization_id: UUID, connection_id: UUID) -> jobs.Outcome:
    """Check a connection's key and start its import; a key that cannot do is refused with reasons."""
    with tenant(organization_id):
        connection = Connection.objects.filter(organization_id=organization_id, id=connection_id).first()
    if connection is None or connection.state in ENDED:
        return jobs.DONE
    try:
        stripe = stripe_of(connection)
        account = stripe.retrieve("/v1/account")
        if refusal := _of_another_account(connection, account):
            return _refuse(connection, refusal, {})
        permissions = {resource.name: _try(stripe, resource) for resource in RESOURCES}
        opened = _newest_event(stripe, permissions)
    except (KeyWrongError, KeyExpiredError) as error:
        return _refuse(connection, str(error), {})
    except (PermissionMissingError, NotFoundError) as error:
        return _refuse(connection, how_to_add(error, _("Accounts")), {})
    except StripeError as error:
        _note(connection, error=str(error))
        return wait_for(error)
    missing = [resource for resource in RESOURCES if _lacks(resource, permissions)]
    if missing:
        return _refuse(connection, _all_missing(missing, permissions), permissions)
    _accept(connection, account, permissions, opened)
    return jobs.DONE


def _try(stripe: Stripe, resource: Resource) -> dict[str, str]:
    try:
        stripe.list_page(resource.path, limit=1, **resource.params)
    except PermissionMissingError as error:
        return {
            "state": MISSING,
            "permission": error.permission or resource.permission,
            "error": how_to_add(error, str(resource.permission_label)),
        }
    except NotFoundError as error:
        return {"state": UNAVAILABLE, "permission": resource.permission, "error": str(error)}
    except TooLargeError:
        # The import sets this one object aside; the list can be read.
        pass
    return {"state": OK, "permission": resource.permission, "error": ""}


def _of_another_account(connection: Connection, account: JsonObject) -> str:
    """Return what to say where a key was given for one account and opens another, else nothing."""
    if connection.replaces_id is None:
        return ""
    with tenant(connection.organization_id):
        wanted = Connection.objects.filter(
            organization_id=connection.organization_id, id=connection.replaces_id
        ).first()
    if wanted is None or not wanted.account_id or wanted.account_id == account.get("id"):
        return ""
    opened, meant = (
        _called(_name_of(account), account.get("id")),
        _called(wanted.account_name, wanted.account_id),
    )
    return _(
        "This opens %(opened)s, and was meant for %(meant)s. Nothing was changed. "
        "Use a key of %(meant)s, or connect %(opened)s as an account of its own."
    ) % {"opened": opened, "meant": meant}


def _called(name: str, account_id: object) -> str:
    return f"{name} ({account_id})" if name else str(account_id)


def _lacks(resource: Resource, permissions: dict[str, dict[str, str]]) -> bool:
    return resource.required and permissions[resource.name]["state"] == MISSING


def _all_missing(missing: list[Resource], permissions: dict[str, dict[str, str]]) -> str:
    return "\n".join(dict.fromkeys(permissions[resource.name]["error"] for resource in missing))


def _newest_event(stripe: Stripe, permissions: dict[str, dict[str, str]]) -> int:
    """Return where, by Stripe's own clock, the events begin that the import may miss."""
    if permissions[EVENTS.name]["state"] != OK:
        return 0
    try:
        return backfill.newest_created(stripe.list_page(EVENTS.path, limit=1))
    except TooLargeError:
        return 0


def _refuse(connection: Connection, error: str, permissions: dict[str, Any]) -> jobs.Outcome:
    state = Connection.State.REVOKED if connection.imported_at else Connection.State.REFUSED
    _note(connection, error=error, state=state, permissions=permissions, code_encrypted=b"")
    return jobs.DONE


def _note(connection: Connection, **facts: Any) -> None:
    with tenant(connection.organization_id):
        Connection.objects.filter(organization_id=connection.organization_id, id=connection.id).exclude(
            state__in=ENDED
        ).update(checked_at=now(), **facts)


def _accept(connection: Connection, account: JsonObject, permissions: dict[str, Any], opened: int) -> None:
    organization_id = connection.organization_id
    with tenant(organization_id):
        # Two keys of one account may be checked at once: one of them continues the other's connection.
        Organization.objects.select_for_update().get(id=organization_id)
        mine = Connection.objects.filter(organization_id=organization_id, id=connection.id)
        current = mine.exclude(state__in=ENDED).first()
        if current is None:
            return
        present = _same_account(current, str(account.get("id") or ""))
        if present is not None:
            _hand_over(current, present)
            return
        current.account_id = str(account.get("id") or "")[:255]
        current.account_name = _name_of(account)
        current.permissions = permissions
        current.error, current.replaces_id = "", None
        current.checked_at = now()
        live = current.imported_at is not None
        current.state = Connection.State.LIVE if live else Connection.State.IMPORTING
        current.save()
        connected.keep(current)
        unavailable = {name: found["error"] for name, found in permissions.items() if found["state"] != OK}
        backfill.open_cursors(current, unavailable, opened)
        if live:
            jobs.enqueue(organization_id, "poll_events", str(current.id))


def _same_account(connection: Connection, account_id: str) -> Connection | None:
    """Return the connection that has this account's mirror, however the account was opened."""
    return (
        Connection.objects.filter(
            organization_id=connection.organization_id,
            account_id=account_id,
            livemode=connection.livemode,
        )
        .exclude(id=connection.id)
        .exclude(kind=Connection.Kind.ARCHIVE)
        .exclude(state=Connection.State.DELETING)
        .first()
    )


def _hand_over(connection: Connection, present: Connection) -> None:
    """Let the connection that has this account's mirror go on with the new key."""
    hand_over(connection, present)
    if present.state not in (Connection.State.IMPORTING, Connection.State.LIVE):
        present.state, present.error = Connection.State.CHECKING, ""
    present.api_base = connection.api_base
    present.save()
    connected.keep(present)
    SyncCursor.objects.filter(
        organization_id=connection.organization_id, connection_id=connection.id
    ).delete()
    connection.delete()
    forget_attempts(present.organization_id, present.livemode, replaces=present.id)
    jobs.enqueue(present.organization_id, "check_connection", str(present.id))


def _name_of(account: JsonObject) -> str:
    profile = account.get("business_profile")
    settings = account.get("settings")
    dashboard = settings.get("dashboard") if isinstance(settings, dict) else None
    for part, key in ((dashboard, "display_name"), (profile, "name")):
        found = part.get(key) if isinstance(part, dict) else None
        if isinstance(found, str) and found:
            return found[:255]
    return ""
