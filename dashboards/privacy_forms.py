"""What people type before something is gone for good, and for how long things are kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.privacy import retention


class CustomerForm(forms.Form):
    """Whom to erase, by Stripe's id."""

    customer = forms.CharField(
        label=_("Stripe's id of the customer"),
        max_length=255,
        help_text=_("It starts with cus_, and stands on the customer's page."),
        error_messages={"required": _("Type the id of a customer.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "cus_…"}),
    )

    def clean_customer(self) -> str:
        return str(self.cleaned_data["customer"]).strip()


class RetentionForm(forms.Form):
    """For how many days each kind is kept; an empty field is for ever."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in retention.kinds():
            self.fields[one.kind] = forms.IntegerField(
                label=str(one.label),
                help_text=str(one.about),
                required=False,
                min_value=one.least,
                max_value=retention.MOST_DAYS,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
