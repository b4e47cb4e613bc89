"""What an organization assumes instead of the averages: kept per currency, each change in the log."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from accounts.audit import record
from accounts.models import User
from config import clock
from metrics.core.forecast import Assumptions
from metrics.forecasting.models import ForecastAssumptions

RATES = ("expansion", "reactivation", "contraction", "churn")
# A rate of 1 in the unit in which rates are kept.
WHOLE = 10_000
Values = Mapping[str, int | None]


def held(organization_id: UUID, currency: str) -> ForecastAssumptions | None:
    """Return what is assumed in a currency, None where the averages are."""
    return ForecastAssumptions.objects.filter(organization_id=organization_id, currency=currency).first()


def assumed(averages: Assumptions, found: ForecastAssumptions | None) -> Assumptions:
    """Lay what is assumed over the averages."""
    if found is None:
        return averages
    rates: dict[str, Fraction] = {
        name: Fraction(value, WHOLE) for name in RATES if (value := getattr(found, name)) is not None
    }
    rates |= {} if found.new_micro is None else {"new": Fraction(found.new_micro)}
    return replace(averages, **rates)


def assume(organization_id: UUID, currency: str, values: Values, *, by: User | None) -> None:
    """Keep assumptions, each in its place; without any the averages hold again."""
    if all(value is None for value in values.values()):
        return reset(organization_id, currency, by=by)
    ForecastAssumptions.objects.update_or_create(
        organization_id=organization_id,
        currency=currency,
        defaults={**values, "changed_at": clock.now(), "changed_by": by},
    )
    said = {name: str(value) for name, value in values.items() if value is not None}
    record("forecast.assumptions_changed", actor=by, subject=currency, **said)
    return None


def reset(organization_id: UUID, currency: str, *, by: User | None) -> None:
    """Forget the assumptions in a currency; forgetting twice is told once."""
    rows = ForecastAssumptions.objects.filter(organization_id=organization_id, currency=currency)
    if rows.delete()[0]:
        record("forecast.assumptions_reset", actor=by, subject=currency)
