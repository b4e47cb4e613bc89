"""What people set about e-mails: which ones a member wants, and what an organization's e-mails show."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config import dates
from metrics.alerts.models import MailPreference, MailSettings

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def hours() -> list[tuple[str, Any]]:
    """Return the full hours, as the reader writes them."""
    return [("", _("Never"))] + [
        (str(hour), dates.time_of_day(MIDNIGHT.replace(hour=hour))) for hour in range(24)
    ]


class MailPreferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which e-mails one member wants from one organization."""

    quiet_from = forms.TypedChoiceField(
        label=_("Quiet from"), choices=hours, coerce=int, empty_value=None, required=False
    )
    quiet_until = forms.TypedChoiceField(
        label=_("Quiet until"), choices=hours, coerce=int, empty_value=None, required=False
    )
    movements_above = forms.DecimalField(
        label=_("Movements from this amount of MRR on"),
        min_value=Decimal("0.01"),
        max_value=Decimal(10**12),
        decimal_places=2,
        required=False,
        help_text=_("In the currency of each movement, such as 500; leave it empty to hear of none."),
    )

    field_order = [
        *("alerts", "recoveries", "weekly_digest", "sync_problems"),
        *("reminder_days", "movements_above", "quiet_from", "quiet_until"),
    ]

    class Meta:
        model = MailPreference
        fields = ["alerts", "recoveries", "weekly_digest", "sync_problems", "reminder_days"]
        labels = {
            "alerts": _("An alert fires"),
            "recoveries": _("An alert has cleared"),
            "weekly_digest": _("The week is over, on Monday morning"),
            "sync_problems": _("An account can no longer be read"),
            "reminder_days": _("Remind me of a firing alert after so many days, and again"),
        }
        help_texts = {"reminder_days": _("Leave it empty to be told once.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = self.instance
        self.fields["reminder_days"].required = False
        self.initial["quiet_from"], self.initial["quiet_until"] = present.quiet_from, present.quiet_until
        if present.movements_above_minor is not None:
            self.initial["movements_above"] = Decimal(present.movements_above_minor).scaleb(-2)

    def clean_reminder_days(self) -> int | None:
        days: int | None = self.cleaned_data["reminder_days"]
        if days is not None and not 1 <= days <= 90:
            raise forms.ValidationError(_("Choose between 1 and 90 days, or leave it empty."))
        return days

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if (found.get("quiet_from") is None) != (found.get("quiet_until") is None):
            self.add_error("quiet_until", _("Say both when quiet hours begin and when they end."))
        return found

    def save(self, commit: bool = True) -> MailPreference:
        found: MailPreference = super().save(commit=False)
        found.quiet_from = self.cleaned_data["quiet_from"]
        found.quiet_until = self.cleaned_data["quiet_until"]
        above = self.cleaned_data["movements_above"]
        found.movements_above_minor = None if above is None else int(above * 100)
        found.save()
        return found


class MailSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """How all e-mails of one organization are sent."""

    class Meta:
        model = MailSettings
        fields = ["shows_payers", "reply_to"]
        labels = {
            "shows_payers": _("Show customers' names in e-mails"),
            "reply_to": _("Answers go to"),
        }
        help_texts = {
            "shows_payers": _("Without it a name is masked, such as A••• L•••. E-mails are kept by others."),
            "reply_to": _("An address that people read; leave it empty for the sender's."),
        }
