"""The settings of a definition and of the alert rules as plain values, and what each may be."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from metrics.alerts.rules import AlertSettings
from metrics.core.definition import Definition

CHOICES = {
    "usage": ("exclude", "trailing_3_invoices"),
    "discounts": ("forever_and_repeating", "forever", "all", "none"),
    "churn_at": ("end_of_paid_term", "cancellation_request"),
    "movement_window": ("day", "event", "month"),
}
LIMIT = 1_000_000
BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

Record = TypeVar("Record", Definition, AlertSettings)


class SettingError(ValueError):
    """A setting that does not exist or cannot hold the value; the message says what can."""


def settings(record: Definition | AlertSettings) -> dict[str, Any]:
    """Return the settings as a plain dict for JSON, decimals as text."""
    return {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(record).items()}


def changed(record: Record, values: Mapping[str, Any]) -> Record:
    """Return the record with some settings replaced, each given as its value or as text."""
    kinds = {field.name: str(field.type) for field in fields(record)}
    for key in values:
        if key not in kinds:
            raise SettingError(f"There is no setting {key}. The settings are {', '.join(sorted(kinds))}.")
    return replace(record, **{key: _parsed(key, kinds[key], value) for key, value in values.items()})


def _parsed(key: str, kind: str, value: Any) -> Any:
    text = str(value).strip()
    if key in CHOICES:
        return _chosen(key, text, CHOICES[key])
    if key == "time_zone":
        return _zone(text)
    if "bool" in kind:
        return BOOLEANS[_chosen(key, text.lower(), tuple(BOOLEANS))]
    if "None" in kind and text.lower() in ("none", ""):
        return None
    return _number(key, text, Decimal if "Decimal" in kind else int)


def _chosen(key: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise SettingError(f"{key} cannot be {text!r}. Use one of {', '.join(allowed)}.")
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, KeyError, OSError) as error:
        raise SettingError(f"time_zone cannot be {text!r}. Use a name such as Europe/Paris.") from error


def _number(key: str, text: str, kind: type[Decimal] | type[int]) -> Decimal | int:
    try:
        number = kind(text)
        if 0 < number < LIMIT:
            return number
    except (ValueError, InvalidOperation):
        pass
    raise SettingError(f"{key} cannot be {text!r}. Use a number above 0.")
