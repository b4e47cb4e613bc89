"""What people type into pages of numbers and connections."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ConnectForm(forms.Form):
    """A restricted key, pasted; it is never sent back to a page."""

    api_key = forms.CharField(
        label=_("Restricted key"),
        max_length=255,
        help_text=_("It starts with rk_live_, or with rk_test_ for a test account."),
        error_messages={"required": _("Paste the restricted key that you made in Stripe.")},
        widget=forms.PasswordInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "rk_live_…",
            }
        ),
    )

    def clean_api_key(self) -> str:
        key: Any = self.cleaned_data["api_key"]
        return "".join(str(key).split())
