"""What people set about alerts: a rule's thresholds, and how long to be quiet about an alert."""

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from metrics.alerts.rules import AlertSettings

PERCENT = Decimal(100)


def percentage(label: Any, least: str, most: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(least), max_value=Decimal(most), max_digits=6, decimal_places=2
    )


def ratio(label: Any, least: str, most: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(least), max_value=Decimal(most), max_digits=5, decimal_places=3
    )


def whole(label: Any, least: int, most: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most)


# Each rule's thresholds by the setting's name; percentages are stored as fractions.
FIELDS: Mapping[str, Mapping[str, forms.Field]] = {
    "revenue_churn": {
        "revenue_churn_threshold": percentage(_("Alert above this churn, in percent"), "0.1", "100")
    },
    "new_mrr_flat": {
        "new_mrr_flat_weeks": whole(_("Weeks to compare"), 1, 8),
        "new_mrr_flat_ratio": ratio(_("Alert below this part of the mean before"), "0.1", "1"),
    },
    "expansion_declining": {
        "expansion_decline_months": whole(_("Falling months"), 1, 6),
    },
    "failed_payments_rising": {
        "failed_payments_minimum": whole(_("Least invoices"), 1, 10_000),
        "failed_payments_ratio": ratio(_("Alert above this multiple of the 30 days before"), "1", "10"),
    },
    "arr_growth_decelerating": {
        "arr_growth_ratio": ratio(_("Alert below this part of the growth before"), "0.1", "1"),
    },
    "net_revenue_retention_low": {
        "nrr_warning": percentage(_("Alert below this retention, in percent"), "50", "150"),
    },
}
PERCENTAGES = frozenset({"revenue_churn_threshold", "nrr_warning"})


class RuleForm(forms.Form):
    """One rule: on or off, guarded or not, and its thresholds."""

    def __init__(self, rule: str, settings: AlertSettings, data: Mapping[str, Any] | None = None) -> None:
        initial = {name: _shown(name, settings) for name in FIELDS[rule]}
        on, guarded = f"{rule}_on", f"{rule}_guarded"
        super().__init__(data, initial={**initial, on: settings.is_on(rule)})
        self.fields[on] = forms.BooleanField(label=_("This rule is on"), required=False)
        if hasattr(settings, guarded):
            self.fields[guarded] = forms.BooleanField(
                label=_("Only beyond chance"),
                required=False,
                help_text=_("Without this guard you are told of every plain comparison that holds."),
            )
            self.initial[guarded] = settings.is_guarded(rule)
        self.fields.update(deepcopy(dict(FIELDS[rule])))

    def values(self) -> dict[str, Any]:
        """Return the settings as they are stored."""
        return {
            name: (value / PERCENT).normalize() if name in PERCENTAGES else value
            for name, value in self.cleaned_data.items()
        }


def _shown(name: str, settings: AlertSettings) -> Any:
    value = getattr(settings, name)
    return (value * PERCENT).normalize() if name in PERCENTAGES else value


class AcknowledgementForm(forms.Form):
    """For how many days to hear nothing more of an alert; 0 until it clears."""

    days = forms.TypedChoiceField(
        label=_("Be quiet about it"),
        coerce=int,
        choices=[("0", _("until it clears")), ("7", _("for a week")), ("30", _("for 30 days"))],
    )
