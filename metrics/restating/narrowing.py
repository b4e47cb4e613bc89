"""Whose numbers a change of settings can touch: everyone else keeps what the present build says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from metrics.build.load import fetch
from metrics.core.definition import Definition
from metrics.core.history import Configuration

# What a configuration must be for a setting to value it otherwise, in SQL and in Python.
TOUCHED: Mapping[str, tuple[str, Callable[[Configuration], bool]]] = {
    "past_due_grace_days": ("unpaid_since IS NOT NULL", lambda one: one.unpaid_since is not None),
    "require_first_payment": ("NOT paid", lambda one: not one.paid),
    "usage": ("usage IS NOT NULL", lambda one: one.usage is not None),
    "discounts": ("discounts <> '{}'", lambda one: bool(one.discounts)),
    "paused_counts": ("collection_paused", lambda one: one.collection_paused),
    "churn_at": ("cancel_requested", lambda one: one.cancel_requested),
    "refunds_netted_out": ("refunded", lambda one: one.refunded),
}
# These change how everyone's segments are cut and netted, and no segment.
NETTING = frozenset({"time_zone", "movement_window"})
OURS = "FROM metrics_configuration WHERE organization_id = %s AND connection_id = %s AND {condition}"
NEXT = f"SELECT DISTINCT customer_id {OURS} AND customer_id > %s ORDER BY customer_id LIMIT %s"
COUNT = f"SELECT count(DISTINCT customer_id) {OURS}"


@dataclass(frozen=True, slots=True)
class Reach:
    """The settings that differ, and so the payers to look at."""

    settings: frozenset[str]

    @classmethod
    def between(cls, before: Definition, after: Definition) -> "Reach":
        """Return what lies between two definitions."""
        return cls(frozenset(_differing(before, after)))

    @property
    def nets_anew(self) -> bool:
        """Say whether everyone's movements are cut anew."""
        return not NETTING.isdisjoint(self.settings)

    @property
    def values_anew(self) -> bool:
        """Say whether a segment can change at all."""
        return bool(self.settings - NETTING)

    @property
    def condition(self) -> str:
        """Return the SQL that finds the configurations to look at."""
        if self.nets_anew:
            return "TRUE"
        return f"({' OR '.join(TOUCHED[name][0] for name in sorted(self.settings)) or 'FALSE'})"

    def touches(self, one: Configuration) -> bool:
        """Say whether the settings can value a configuration otherwise."""
        return any(TOUCHED[name][1](one) for name in self.settings - NETTING)

    def next_customers(self, organization_id: UUID, connection_id: UUID, after: str, count: int) -> list[str]:
        """Return the next payers to look at, in order of their ids."""
        statement = NEXT.format(condition=self.condition)
        return [name for (name,) in fetch(statement, (organization_id, connection_id, after, count))]

    def count(self, organization_id: UUID, connection_id: UUID) -> int:
        """Count the payers to look at."""
        ((count,),) = fetch(COUNT.format(condition=self.condition), (organization_id, connection_id))
        return int(count)


def differences(before: Definition, after: Definition) -> dict[str, tuple[Any, Any]]:
    """Return each setting that differs with its value before and after."""
    return {name: (getattr(before, name), getattr(after, name)) for name in _differing(before, after)}


def _differing(before: Definition, after: Definition) -> list[str]:
    names = [field.name for field in fields(Definition) if field.name != "version"]
    return [name for name in names if getattr(before, name) != getattr(after, name)]
