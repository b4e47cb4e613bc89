"""One row in every table of an organization, each text and each sealed byte of it a canary of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Membership, Organization, Role, TenantModel
from accounts.tenancy import tenant

MARK = "Zanzibar"
# No number that the product gives out first, so that rows of tests stand beside these.
NUMBER = 77
SHORTEST = len(f"{MARK}-0000")
AT = datetime(2026, 11, 1, tzinfo=UTC)
# A column of dates and times is one of dates too: the narrower type comes first.
SMALL: tuple[tuple[type[Any], object], ...] = (
    (models.UUIDField, UUID(int=7)),
    (models.DateTimeField, AT),
    (models.DateField, AT.date()),
    (models.TimeField, AT.time()),
    (models.BooleanField, False),
)


def tenants_models() -> Iterator[Any]:
    """Return the model of every table that belongs to organizations."""
    return (model for model in apps.get_models() if issubclass(model, TenantModel))


def plant_everywhere(organization: Organization) -> list[str]:
    """Put a row of canaries into every table of an organization, and return the canaries."""
    numbers, planted = count(), list[str]()
    owner = Membership.objects.get(organization=organization, role=Role.OWNER).user

    def canary() -> str:
        planted.append(f"{MARK}-{next(numbers):04d}")
        return planted[-1]

    with tenant(organization.id):
        for model in tenants_models():
            row = model(organization_id=organization.id)
            for field in model._meta.concrete_fields:
                if field.name != "organization" and not field.generated:
                    setattr(row, field.attname, _value(field, canary, owner.pk))
            model._default_manager.bulk_create([row])
    organization.name = canary()
    organization.save()
    return planted


def _value(field: Any, canary: Any, person: int) -> Any:
    """Return what a column of this type holds: a canary where it has the room, else something small."""
    if field.choices:
        return field.choices[0][0]
    roomy = (field.max_length or SHORTEST) >= SHORTEST
    if isinstance(field, ArrayField):
        return [_value(field.base_field, canary, person)]
    if isinstance(field, models.JSONField):
        return {"told": canary()}
    if isinstance(field, models.BinaryField):
        return canary().encode() if roomy else b"x"
    if isinstance(field, models.CharField | models.TextField):
        return canary() if roomy else "xx"[: field.max_length]
    if isinstance(field, models.ForeignKey):
        return person
    return next((value for kind, value in SMALL if isinstance(field, kind)), NUMBER)
