"""What people say of a file of another tool: the file itself, and what its columns are."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from metrics.bridge.uploads.columns import Columns
from metrics.bridge.uploads.storing import MOST_BYTES
from metrics.bridge.uploads.tables import Table

NONE = ""


class UploadForm(forms.Form):
    """A CSV of MRR per customer and month, or of its changes."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("At most 20 MB. Comma, semicolon or tab; UTF-8, UTF-16 or Latin-1."),
        error_messages={
            "required": gettext_lazy("Choose a CSV file of at most 20 MB."),
            "empty": gettext_lazy("The file is empty. Choose a CSV file with rows."),
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def clean_file(self) -> Any:
        file: Any = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file has more than 20 MB. Leave out older months and upload it again.")
            )
        return file


class ColumnsForm(forms.Form):
    """What the columns of an upload are."""

    form = forms.ChoiceField(
        label=gettext_lazy("Form of the file"),
        choices=[
            ("long", gettext_lazy("A customer and a month in each row")),
            ("wide", gettext_lazy("A customer in each row, a month in each column")),
            ("changes", gettext_lazy("A change of a customer's MRR in each row")),
        ],
    )
    customer = forms.ChoiceField(label=gettext_lazy("Customer: Stripe id, e-mail or name"))
    month = forms.ChoiceField(label=gettext_lazy("Month or day"), required=False)
    amount = forms.ChoiceField(label=gettext_lazy("Amount"), required=False)
    currency_column = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)
    currency = forms.RegexField(
        "^[A-Za-z]{3}$",
        label=gettext_lazy("Currency of all amounts, where no column tells"),
        required=False,
        error_messages={"invalid": gettext_lazy("A currency is three letters, such as EUR.")},
    )
    decimal = forms.ChoiceField(
        label=gettext_lazy("Decimals begin with"),
        choices=[(".", gettext_lazy("a point: 1,234.50")), (",", gettext_lazy("a comma: 1.234,50"))],
    )
    dates = forms.ChoiceField(
        label=gettext_lazy("Days such as 03/04/2026"),
        choices=[("dmy", gettext_lazy("day first: 3 April")), ("mdy", gettext_lazy("month first: 4 March"))],
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Amounts are"),
        choices=[
            ("major", gettext_lazy("whole units: 49.00")),
            ("minor", gettext_lazy("the smallest unit: 4900")),
        ],
    )

    def __init__(self, file: Table, columns: Columns, data: Any = None) -> None:
        initial = {
            name: NONE if (value := getattr(columns, name)) is None else value for name in self.base_fields
        }
        super().__init__(data, initial=initial | {"currency": columns.currency.upper()})
        places = [(str(place), name[:60] or f"#{place + 1}") for place, name in enumerate(file.header)]
        for name in ("customer", "month", "amount", "currency_column"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = places if name == "customer" else [(NONE, pgettext("a column", "none")), *places]

    def columns(self) -> Columns:
        """Return what was chosen."""
        told = self.cleaned_data
        places = {
            name: int(told[name]) if told[name] else None for name in ("month", "amount", "currency_column")
        }
        return Columns(
            form=told["form"],
            customer=int(told["customer"]),
            currency=told["currency"].lower(),
            decimal=told["decimal"],
            dates=told["dates"],
            unit=told["unit"],
            **places,
        )
