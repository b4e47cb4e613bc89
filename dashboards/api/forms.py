"""What is asked of who makes a token."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from config import clock
from dashboards.api.tokens import METRICS, PAYERS, SCOPES

LIVES = [("30", _("30 days")), ("90", _("90 days")), ("365", _("A year")), ("", _("Until it is revoked"))]


class ScopesField(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class TokenForm(forms.Form):
    """A new token: what it is for, what it opens, and how long."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=120,
        help_text=_("Such as the name of the program that reads."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = ScopesField(
        label=_("What may it read?"),
        choices=[(scope, words) for scope, words in SCOPES.items()],
        initial=[METRICS],
        error_messages={"required": _("Choose at least one: a token that opens nothing is of no use.")},
    )
    days = forms.ChoiceField(label=_("How long?"), choices=LIVES, initial="365", required=False)

    def clean_scopes(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["scopes"]
        if chosen == [PAYERS]:
            raise forms.ValidationError(_("Names stand beside customers: choose customers as well."))
        return chosen

    def expires_at(self) -> datetime | None:
        """Return when the token ends, None where it is to be revoked."""
        days: str = self.cleaned_data["days"]
        return clock.now() + timedelta(days=int(days)) if days else None
