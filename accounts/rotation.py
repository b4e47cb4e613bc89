"""Encrypt every kept secret again under the newest key, row by row, while others read and write."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet

from accounts import factor_secrets, secrets
from accounts.models import Organization
from accounts.secrets import Kept, SecretUnreadableError
from accounts.tenancy import tenant


@dataclass(slots=True)
class Rotation:
    """What a run did: secrets that it encrypted again, and places that no key opens, each with why."""

    changed: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)


def rotate() -> Rotation:
    """Bring every secret under the newest key; each row is committed by itself, so a run may end anywhere."""
    done = Rotation()
    for organization_id in _organizations():
        for kept in secrets.kept():
            for row in _stale_rows(organization_id, kept):
                _attempt(done, f"{kept.model} {row}", partial(_seal_again, organization_id, kept, row))
    for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        _attempt(done, f"mfa.Authenticator {pk}", partial(_seal_factor_again, pk))
    return done


def count() -> Counter[str]:
    """Return how many secrets are under each key."""
    found: Counter[str] = Counter()
    for organization_id in _organizations():
        for kept in secrets.kept():
            with tenant(organization_id):
                for row in _rows(organization_id, kept).values_list(*kept.fields):
                    found.update(secrets.key_of(bytes(value)) for value in row if value)
    for data in Authenticator.objects.values_list("data", flat=True):
        found.update(factor_secrets.key_of(sealed) for sealed in factor_secrets.sealed_in(data))
    return found


def _organizations() -> list[UUID]:
    return list(Organization.objects.order_by("id").values_list("id", flat=True))


def _rows(organization_id: UUID, kept: Kept) -> "QuerySet[Any]":
    model: Any = apps.get_model(kept.model)
    rows: QuerySet[Any] = model.objects.filter(organization_id=organization_id)
    return rows


def _stale_rows(organization_id: UUID, kept: Kept) -> list[Any]:
    with tenant(organization_id):
        rows = list(_rows(organization_id, kept).order_by(kept.row).values_list(kept.row, *kept.fields))
    return [row for row, *values in rows if any(_is_stale(bytes(value)) for value in values)]


def _is_stale(secret: bytes) -> bool:
    return bool(secret) and secrets.key_of(secret) != secrets.newest()


def _attempt(done: Rotation, place: str, seal_again: Callable[[], int]) -> None:
    try:
        done.changed += seal_again()
    except SecretUnreadableError as error:
        done.unreadable[place] = str(error)


def _seal_again(organization_id: UUID, kept: Kept, row: Any) -> int:
    """Encrypt the secrets of one row again as they are now: whoever writes it meanwhile waits for us."""
    with tenant(organization_id):
        rows = _rows(organization_id, kept).filter(**{kept.row: row})
        values = rows.select_for_update().values(*kept.fields).first() or {}
        changed = {
            name: _again(bytes(value), organization_id, kept, name, str(row))
            for name, value in values.items()
            if _is_stale(bytes(value))
        }
        if changed:
            rows.update(**changed)
    return len(changed)


def _again(secret: bytes, organization_id: UUID, kept: Kept, name: str, row: str) -> bytes:
    place: Any = {"organization_id": organization_id, "model": kept.model, "field": name, "row": row}
    return secrets.encrypt(secrets.decrypt(secret, **place), **place)


def _seal_factor_again(pk: int) -> int:
    with transaction.atomic():
        factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
        if factor is None:
            return 0
        user_id = factor.user_id
        stale = [
            sealed
            for sealed in factor_secrets.sealed_in(factor.data)
            if not factor_secrets.is_current(sealed, user_id)
        ]
        if stale:
            factor.data = factor_secrets.changed(factor.data, partial(factor_secrets.seal_again, user_id))
            factor.save(update_fields=["data"])
    return len(stale)
