"""The settings of the definition as a form: proposed first, saved only after a preview."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboards.definition_words import TERMS, VALUES
from metrics.core.definition import Definition
from metrics.settings import SettingError, changed

MOST_GRACE_DAYS = 365


class DefinitionForm(forms.Form):
    """Every setting, in the order of the page."""

    def __init__(self, definition: Definition, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial={name: _written(getattr(definition, name)) for name in TERMS})
        for name, term in TERMS.items():
            self.fields[name] = _field(name)
            self.fields[name].label, self.fields[name].help_text = str(term.label), str(term.text)

    def clean_time_zone(self) -> str:
        text: str = self.cleaned_data["time_zone"]
        try:
            return changed(Definition(), {"time_zone": text}).time_zone
        except SettingError as error:
            raise forms.ValidationError(
                _("There is no time zone of this name. Write it as Europe/Paris or America/New_York.")
            ) from error

    def values(self) -> dict[str, Any]:
        """Return the proposed settings as they are stored."""
        return dict(self.cleaned_data)


def _field(name: str) -> forms.Field:
    if name == "past_due_grace_days":
        return forms.IntegerField(
            required=False,
            min_value=1,
            max_value=MOST_GRACE_DAYS,
            error_messages={"invalid": _("Write a whole number of days, or leave it empty.")},
        )
    if name == "time_zone":
        return forms.CharField(max_length=64)
    values = VALUES[name]
    choices = [(_written(value), text) for value, text in values.items()]
    wrong = {"invalid_choice": _("Choose one of the values shown.")}
    if True in values:
        return forms.TypedChoiceField(
            choices=choices, coerce=lambda text: text == "true", error_messages=wrong
        )
    return forms.ChoiceField(choices=choices, error_messages=wrong)


def _written(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
