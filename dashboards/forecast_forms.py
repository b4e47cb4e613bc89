"""What people assume of the months ahead."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboards.formatting import money, percent
from metrics.core.forecast import Assumptions
from metrics.core.money import MICRO, decimals
from metrics.forecasting.assumptions import RATES, WHOLE
from metrics.forecasting.models import ForecastAssumptions

MOST_NEW = Decimal(1_000_000_000)
PERCENT = WHOLE // 100
LABELS = {
    "expansion": gettext_lazy("Expansion, in percent of starting MRR"),
    "reactivation": gettext_lazy("Reactivation, in percent of starting MRR"),
    "contraction": gettext_lazy("Contraction, in percent of starting MRR"),
    "churn": gettext_lazy("Churn, in percent of starting MRR"),
}


class AssumptionsForm(forms.Form):
    """A month's new MRR and the rates of the other movements; what is left empty is the average."""

    def __init__(
        self,
        currency: str,
        averages: Assumptions,
        found: ForecastAssumptions | None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.unit = 10 ** decimals(currency) * MICRO
        super().__init__(data, initial=self._initial(found))
        self.fields["new"] = forms.DecimalField(
            label=_("New MRR a month, in %(code)s") % {"code": currency.upper()},
            required=False,
            min_value=Decimal(0),
            max_value=MOST_NEW,
            decimal_places=decimals(currency),
            help_text=_("On average %(amount)s.") % {"amount": money(averages.new, currency)},
        )
        for name in RATES:
            self.fields[name] = forms.DecimalField(
                label=LABELS[name],
                required=False,
                min_value=Decimal(0),
                max_value=Decimal(100),
                decimal_places=2,
                help_text=_("On average %(amount)s.") % {"amount": percent(getattr(averages, name))},
            )

    def clean(self) -> dict[str, Any]:
        """Refuse to lose more than there is."""
        values = super().clean() or {}
        lost = sum((values.get(name) or Decimal(0) for name in ("contraction", "churn")), Decimal(0))
        if lost > 100:
            raise forms.ValidationError(
                _("Contraction and churn come to more than %(whole)s of the MRR. Lower one of them.")
                % {"whole": percent(Fraction(1), 0)}
            )
        return values

    def values(self) -> dict[str, int | None]:
        """Return the assumptions as they are kept."""
        new: Decimal | None = self.cleaned_data["new"]
        rates = {name: self.cleaned_data[name] for name in RATES}
        kept = {name: None if rate is None else int(rate * PERCENT) for name, rate in rates.items()}
        return {"new_micro": None if new is None else int(new * self.unit), **kept}

    def _initial(self, found: ForecastAssumptions | None) -> dict[str, Decimal]:
        if found is None:
            return {}
        rates = {name: getattr(found, name) for name in RATES}
        shown = {name: Decimal(rate) / PERCENT for name, rate in rates.items() if rate is not None}
        return shown | ({} if found.new_micro is None else {"new": Decimal(found.new_micro) / self.unit})
