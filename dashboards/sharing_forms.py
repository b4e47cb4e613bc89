"""What is asked of who makes a link to the investor view."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboards.selection import Choice
from dashboards.sharing import DEFAULT_DAYS, MOST_DAYS

TOLD = _("Choose between 1 and 366 days.")


class ShareLinkForm(forms.Form):
    """A new link: whom it is for, what it shows, and how long."""

    label = forms.CharField(
        label=_("Whom is it for?"),
        max_length=120,
        help_text=_("Such as the name of an investor. Only your organization sees it."),
        error_messages={"required": _("Say whom it is for, so that you know which link to revoke.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    shown = forms.ChoiceField(label=_("Currency"))
    days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=MOST_DAYS,
        initial=DEFAULT_DAYS,
        help_text=_("From 1 to 366."),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), TOLD),
    )

    def __init__(self, *args: Any, currencies: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["shown"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.value, one.label) for one in currencies]
        self.initial["shown"] = next((one.value for one in currencies if one.chosen), None)
