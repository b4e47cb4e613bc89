"""Forms about organizations and the people in them."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.organizations import time_zones


class OrganizationForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Your company or product, as your team calls it."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        initial="UTC",
        help_text=_("Your days and months begin at midnight here."),
        widget=forms.Select(attrs={"data-guess-time-zone": ""}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["time_zone"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [(name, name.replace("_", " ")) for name in time_zones()]


class RoleForm(forms.Form):
    """A choice among the roles that one may give: one's own and those below."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, giver: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(each.value, each.label) for each in Role if giver.covers(each)]


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )

    field_order = ["email", "role"]


class LanguageForm(forms.ModelForm):  # type: ignore[type-arg]
    """The language that a person reads in; without a choice, the browser's."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser asks for")), *settings.LANGUAGES],
        help_text=_("The region of your browser decides how numbers and dates are written."),
    )

    class Meta:
        model = User
        fields = ["language"]


class TypedForm(forms.Form):
    """A word that has to be typed exactly, so that nobody deletes by a slip of the hand."""

    typed = forms.CharField(
        max_length=255,
        error_messages={"required": _("Type it to confirm.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, wanted: str, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted
        self.fields["typed"].label = label

    def clean_typed(self) -> str:
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.wanted:
            raise forms.ValidationError(_("This is not the same. Nothing was deleted."))
        return typed
