"""What people give for CAC payback: a table of spend, the key of the channel, and the margin."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.bridge.uploads.storing import MOST_BYTES, shown_name
from metrics.payback.models import PaybackSettings

EXAMPLE = "month,channel,amount,currency\n2026-09,ads,1200.00,EUR"
# A pasted table is read with the form; a longer one comes as a file.
MOST_PASTED = 1_000_000


class SpendForm(forms.Form):
    """A table of spend: pasted, or as a file."""

    text = forms.CharField(
        label=gettext_lazy("Pasted table"),
        required=False,
        max_length=MOST_PASTED,
        help_text=gettext_lazy("The first row names the columns: month, channel, amount, currency."),
        widget=forms.Textarea(attrs={"rows": 5, "class": "typed-table", "placeholder": EXAMPLE}),
        error_messages={"max_length": gettext_lazy("Upload a table this long as a file.")},
        strip=False,
    )
    file = forms.FileField(
        label=gettext_lazy("Or a CSV file"),
        required=False,
        help_text=gettext_lazy("At most 20 MB. Comma, semicolon or tab; UTF-8, UTF-16 or Latin-1."),
        error_messages={"empty": gettext_lazy("The file is empty. Choose a CSV file with rows.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def clean(self) -> dict[str, Any]:
        """Take one table, not two, and none that is too large."""
        told = super().clean() or {}
        file, text = told.get("file"), (told.get("text") or "").strip()
        if not self.errors and bool(file) == bool(text):
            raise forms.ValidationError(_("Paste a table or choose a file, one of the two."))
        if file and (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file has more than 20 MB. Leave out older months and upload it again.")
            )
        return told

    def content(self) -> tuple[str, bytes]:
        """Return the table's name and bytes."""
        file = self.cleaned_data["file"]
        if file:
            return shown_name(file.name), file.read()
        return _("Pasted table"), self.cleaned_data["text"].encode()


class PaybackSettingsForm(forms.Form):
    """Under which key of a customer's metadata the channel stands, and what is left of revenue."""

    margin = forms.DecimalField(
        label=gettext_lazy("Gross margin in percent"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        help_text=gettext_lazy("What is left of 100 of revenue after hosting, support and payment fees."),
    )
    channel_key = forms.RegexField(
        r"^[^\x00-\x1f\[\]]*$",
        label=gettext_lazy("Key of the channel in customers' metadata"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Such as utm_source. Without one there are no channels, only months."),
        error_messages={"invalid": gettext_lazy("A key of metadata has no brackets.")},
    )

    def __init__(self, found: PaybackSettings, data: Any = None) -> None:
        margin = None if found.margin is None else Decimal(found.margin) / 100
        super().__init__(data, initial={"margin": margin, "channel_key": found.channel_key})

    def values(self) -> tuple[str, int]:
        """Return the key, and the margin in hundredths of a percent."""
        return self.cleaned_data["channel_key"], int(self.cleaned_data["margin"] * 100)
