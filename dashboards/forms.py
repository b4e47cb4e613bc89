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


class WebhookSecretForm(forms.Form):
    """The signing secret of an endpoint, pasted; it is never sent back to a page."""

    secret = forms.CharField(
        label=_("Signing secret"),
        max_length=255,
        help_text=_("It starts with whsec_."),
        error_messages={"required": _("Paste the signing secret that Stripe shows with the endpoint.")},
        widget=forms.PasswordInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "placeholder": "whsec_…",
            }
        ),
    )


class DisconnectForm(forms.Form):
    """What becomes of the data of an account that is read no longer; nothing is chosen beforehand."""

    choice = forms.ChoiceField(
        choices=[("keep", _("Keep its data")), ("delete", _("Delete its data"))],
        error_messages={
            "required": _("Choose what becomes of the data."),
            "invalid_choice": _("Choose what becomes of the data."),
        },
    )

    def __init__(self, *args: Any, may_keep: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_keep:
            choices = self.fields["choice"]
            assert isinstance(choices, forms.ChoiceField)
            choices.choices = [("delete", _("Delete its data"))]


class RatesForm(forms.Form):
    """A file of exchange rates."""

    MOST_BYTES = 20_000_000

    file = forms.FileField(
        label=_("File of rates"),
        help_text=_(
            "CSV with the columns date, base, quote, rate, or the European Central Bank's "
            "eurofxref-hist.csv or .zip. At most 20 MB."
        ),
        error_messages={
            "required": _("Choose a file of rates."),
            "empty": _("The file is empty. Choose a file of rates."),
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.zip,text/csv,application/zip"}),
    )

    def clean_file(self) -> Any:
        file: Any = self.cleaned_data["file"]
        if file.size > self.MOST_BYTES:
            raise forms.ValidationError(_("The file has more than 20 MB. Cut it into smaller ones."))
        return file
