"""What serving a customer costs a month, held against the MRR and the organization's target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.audit import record
from accounts.models import Organization, User
from config import clock
from dashboards.formatting import DASH, Money, money, percent
from dashboards.models import DisplaySettings, ServiceCost
from metrics.core.money import MICRO, decimals, major
from metrics.core.rates import ratio

DEFAULT_TARGET = 65
LARGEST = Decimal(10) ** 12


class CostForm(forms.Form):
    """What a customer costs a month in one currency, in major units; nothing takes it away."""

    currency = forms.ChoiceField()
    amount = forms.DecimalField(
        label=gettext_lazy("Cost of service a month"),
        required=False,
        min_value=Decimal(0),
        max_value=LARGEST,
        error_messages={
            "invalid": gettext_lazy("Write an amount such as 1250.50, or leave it empty."),
            "min_value": gettext_lazy("A cost is 0 or more."),
            "max_value": gettext_lazy("This is more than a cost can be. Write it in units of the currency."),
        },
    )

    def __init__(self, data: Mapping[str, object], currencies: Sequence[str]) -> None:
        super().__init__(data)
        choice = self.fields["currency"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(one, one) for one in currencies]

    def clean(self) -> None:
        amount, currency = self.cleaned_data.get("amount"), self.cleaned_data.get("currency", "")
        if amount is not None and amount != round(amount, decimals(currency)):
            words = {"currency": currency.upper(), "places": decimals(currency)}
            message = ngettext(
                "An amount of %(currency)s has at most %(places)s decimal.",
                "An amount of %(currency)s has at most %(places)s decimals.",
                decimals(currency),
            )
            self.add_error("amount", message % words)

    def minor(self) -> int | None:
        """Return the cost in minor units, None where it is taken away."""
        amount: Decimal | None = self.cleaned_data["amount"]
        return None if amount is None else int(amount.scaleb(decimals(self.cleaned_data["currency"])))


class TargetForm(forms.Form):
    """The most that serving a customer should cost."""

    service_target = forms.IntegerField(
        label=gettext_lazy("Target for the cost of service, in percent of MRR"),
        min_value=1,
        max_value=1_000,
        help_text=gettext_lazy("A customer who costs more is said to be over the target."),
        error_messages={"invalid": gettext_lazy("Write a whole number of percent, such as 65.")},
    )


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a customer costs in one currency beside the MRR there, and how that stands to the target."""

    currency: str
    cost: Money | str
    typed: str
    mrr: Money
    share: str
    verdict: str
    over: bool


def target_of(organization: Organization) -> int:
    """Return the target in percent of MRR."""
    rows = DisplaySettings.objects.filter(organization=organization)
    found = rows.values_list("service_target", flat=True).first()
    return DEFAULT_TARGET if found is None else found


def set_target(organization: Organization, target: int, *, by: User) -> None:
    """Keep another target; the same again is no change."""
    before = target_of(organization)
    if before != target:
        DisplaySettings.objects.update_or_create(
            organization=organization, defaults={"service_target": target}
        )
        record("service_target.changed", actor=by, target=target, before=before)


def set_cost(
    organization: Organization,
    connection_id: UUID,
    customer_id: str,
    currency: str,
    amount_minor: int | None,
    *,
    by: User,
) -> None:
    """Keep what a customer costs in a currency, or forget it."""
    key: dict[str, Any] = {"connection_id": connection_id, "customer_id": customer_id, "currency": currency}
    rows = ServiceCost.objects.filter(organization=organization, **key)
    before = rows.values_list("amount_minor", flat=True).first()
    if before == amount_minor:
        return
    if amount_minor is None:
        rows.delete()
    else:
        changed = {"amount_minor": amount_minor, "by": by, "at": clock.now()}
        ServiceCost.objects.update_or_create(organization=organization, **key, defaults=changed)
    told = {"currency": currency, "amount_minor": amount_minor, "before_minor": before}
    record("service_cost.changed", actor=by, subject=customer_id, **told)


def cost_rows(costs: Mapping[str, int], balances: Mapping[str, int], target: int) -> list[CostRow]:
    """Return the costs beside the MRR, for each currency that has either."""
    held = {currency: amount for currency, amount in balances.items() if amount}
    return [_row(code, costs.get(code), held.get(code, 0), target) for code in sorted({*held, *costs})]


def _row(currency: str, cost: int | None, mrr_micro: int, target: int) -> CostRow:
    if cost is None:
        verdict = _("No cost is written down.")
        return CostRow(currency, DASH, "", money(mrr_micro, currency), DASH, verdict, over=False)
    share = ratio(cost * MICRO, mrr_micro)
    over = cost > 0 if share is None else share * 100 > target
    words = {"target": percent(Fraction(target, 100), 0)}
    if share is None:
        verdict = _("Costs something and brings no MRR.") if over else _("Costs nothing.")
    elif over:
        verdict = _("Over the target of %(target)s.") % words
    else:
        verdict = _("Within the target of %(target)s.") % words
    return CostRow(
        currency,
        money(cost * MICRO, currency),
        str(major(cost * MICRO, currency)),
        money(mrr_micro, currency),
        percent(share),
        verdict,
        over,
    )
