"""The definition of MRR as data: every choice an organization may make, with its default."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

CHOICES = {
    "usage": ("exclude", "trailing_3_invoices"),
    "discounts": ("forever_and_repeating", "forever", "all", "none"),
    "churn_at": ("end_of_paid_term", "cancellation_request"),
    "movement_window": ("day", "event", "month"),
}
LIMIT = 1_000_000
BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of an organization's rules; `past_due_grace_days` None lets past_due count for ever."""

    version: int = 1
    time_zone: str = "UTC"
    past_due_grace_days: int | None = None
    require_first_payment: bool = True
    usage: str = "exclude"
    discounts: str = "forever_and_repeating"
    paused_counts: bool = False
    churn_at: str = "end_of_paid_term"
    refunds_netted_out: bool = True
    movement_window: str = "day"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Thresholds of the six rules of an organization: fractions, weeks, months, counts."""

    revenue_churn_threshold: Decimal = Decimal("0.03")
    nrr_warning: Decimal = Decimal("1.0")
    new_mrr_flat_weeks: int = 3
    new_mrr_flat_ratio: Decimal = Decimal("0.8")
    expansion_decline_months: int = 2
    failed_payments_minimum: int = 3
    failed_payments_ratio: Decimal = Decimal("1.25")
    arr_growth_ratio: Decimal = Decimal("0.75")
    minimum_customers: int = 10


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
