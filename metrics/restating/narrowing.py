"""Whose numbers a change of settings can touch: everyone else keeps what the present build says."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from metrics.build.load import fetch
from metrics.core.definition import Definition

# What a configuration must be for a setting to value it otherwise.
TOUCHED = {
    "past_due_grace_days": "unpaid_since IS NOT NULL",
    "require_first_payment": "NOT paid",
    "usage": "usage IS NOT NULL",
    "discounts": "discounts <> '{}'",
    "paused_counts": "collection_paused",
    "churn_at": "cancel_requested",
    "refunds_netted_out": "refunded",
}
# These change how everyone's segments are cut and netted, and no segment.
NETTING = frozenset({"time_zone", "movement_window"})
OURS = "FROM metrics_configuration WHERE organization_id = %s AND connection_id = %s AND {condition}"
NEXT = f"SELECT DISTINCT customer_id {OURS} AND customer_id > %s ORDER BY customer_id LIMIT %s"
COUNT = f"SELECT count(DISTINCT customer_id) {OURS}"
AMONG = f"SELECT DISTINCT customer_id {OURS} AND customer_id = ANY(%s)"


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
        return "TRUE" if self.nets_anew else self.touched

    @property
    def touched(self) -> str:
        """Return the SQL that finds the configurations that the settings can value otherwise."""
        return f"({' OR '.join(TOUCHED[name] for name in sorted(self.settings - NETTING)) or 'FALSE'})"

    def valued_anew(self, organization_id: UUID, connection_id: UUID, names: Sequence[str]) -> list[str]:
        """Return those of some payers to look at whose segments can change."""
        if not self.values_anew:
            return []
        if not self.nets_anew:
            return list(names)
        statement = AMONG.format(condition=self.touched)
        return [name for (name,) in fetch(statement, (organization_id, connection_id, list(names)))]

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
