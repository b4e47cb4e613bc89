"""What an organization's archive holds: every table with its rows is exported, or kept back for a reason."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.apps import apps
from django.db.models import Field, ForeignKey, GeneratedField

from accounts.models import Organization, TenantModel, User


@dataclass(frozen=True, slots=True)
class Packing:
    """How a column that holds compressed JSON becomes its text, and back."""

    unpack: Callable[[bytes], bytes]
    pack: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Exported:
    """A table of the archive.

    `secrets` are columns left out, and empty after an import; `packed` hold compressed JSON; `instead` are
    SQL expressions over the row as `given`, for columns that an import does not take over as they were.
    """

    table: str
    secrets: tuple[str, ...] = ()
    packed: Mapping[str, Packing] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


_exported: dict[str, Exported] = {}
_kept_back: dict[str, str] = {}


def export(*found: Exported | str) -> None:
    """Register tables of the archive, those with nothing special by their names."""
    for one in found:
        told = Exported(one) if isinstance(one, str) else one
        if told.table in _kept_back or _exported.setdefault(told.table, told) != told:
            raise ValueError(f"The export of {told.table} is told twice.")


def keep_back(table: str, reason: str) -> None:
    """Register a table with rows of an organization that no archive holds, and why."""
    if table in _exported or _kept_back.setdefault(table, reason) != reason:
        raise ValueError(f"The export of {table} is told twice.")


def exported() -> dict[str, Exported]:
    """Return the tables of the archive by name."""
    return dict(sorted(_exported.items()))


def untold() -> list[str]:
    """Return the tables with rows of organizations that are neither exported nor kept back."""
    told = _exported.keys() | _kept_back.keys()
    return sorted(_of_organizations() - told)


def unknown() -> list[str]:
    """Return the tables that are told of and are none of organizations."""
    return sorted((_exported.keys() | _kept_back.keys()) - _of_organizations())


def _of_organizations() -> set[str]:
    return {
        model._meta.db_table
        for model in apps.get_models()
        if any(one.is_relation and one.related_model is Organization for one in model._meta.concrete_fields)
    }


def tenant_tables() -> list[str]:
    """Return every table under row level security, by name."""
    found = (model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel))
    return sorted(found)


def columns_of(table: str) -> "dict[str, Field[object, object]]":
    """Return a table's columns that an import writes, but the organization's, by name."""
    (model,) = (one for one in apps.get_models() if one._meta.db_table == table)
    return {
        one.column: one
        for one in model._meta.concrete_fields
        if one.column and one.column != "organization_id" and not isinstance(one, GeneratedField)
    }


def keys_of(table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    (model,) = (one for one in apps.get_models() if one._meta.db_table == table)
    return [one.column for one in model._meta.pk_fields if one.column]


def is_person(one: "Field[object, object]") -> bool:
    """Say whether a column names a person with an account."""
    return isinstance(one, ForeignKey) and one.related_model is User
