"""The permissions that a restricted key needs, each once, in the words of Stripe's own page."""

from collections.abc import Iterable
from dataclasses import dataclass

from billing_sync.progress import ConnectionProgress
from billing_sync.resources import RESOURCES


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of Stripe's list of permissions, and whether the sync can do without it."""

    label: str
    name: str
    required: bool


def needed() -> list[Permission]:
    """Return every permission that some resource asks for, required ones first."""
    return _once(Permission(str(each.permission_label), each.permission, each.required) for each in RESOURCES)


def missing(connection: ConnectionProgress) -> list[Permission]:
    """Return the permissions that the check of this connection's key found missing."""
    return _once(
        Permission(each.permission_label, each.permission, each.required)
        for each in connection.resources
        if each.permission_state == "missing"
    )


def _once(permissions: Iterable[Permission]) -> list[Permission]:
    found: dict[str, Permission] = {}
    for each in permissions:
        if each.name and (each.name not in found or each.required):
            found[each.name] = each
    return sorted(found.values(), key=lambda each: not each.required)
