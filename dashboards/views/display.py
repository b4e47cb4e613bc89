"""How an organization's dashboard is shown."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import OrganizationRequest
from accounts.models import Role
from dashboards import emphasis
from dashboards.models import Emphasis


class DisplayForm(forms.Form):
    """Which figure stands first."""

    emphasis = forms.ChoiceField(
        label=gettext_lazy("Which figure stands first?"),
        choices=Emphasis.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose one of the three."),
            "invalid_choice": gettext_lazy("Choose one of the three."),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def display(request: OrganizationRequest, slug: str) -> HttpResponse:
    """Show which figure stands first, and let admins choose."""
    admin = Role(request.membership.role).covers(Role.ADMIN)
    present = emphasis.emphasis_of(request.organization)
    if request.method != "POST":
        return _page(request, DisplayForm(initial={"emphasis": present}), admin=admin)
    if not admin:
        raise PermissionDenied(_("Your role in this organization does not allow this."))
    form = DisplayForm(request.POST)
    if not form.is_valid():
        return _page(request, form, admin=admin, status=422)
    emphasis.choose(request.organization, form.cleaned_data["emphasis"], by=request.user)
    messages.success(request, _("Saved."))
    return redirect("display", slug)


def _page(request: OrganizationRequest, form: DisplayForm, *, admin: bool, status: int = 200) -> HttpResponse:
    chosen = Emphasis(form.initial.get("emphasis", Emphasis.AUTOMATIC)).label
    context = {"section": "dashboard", "form": form if admin else None, "chosen": chosen}
    return render(request, "dashboards/display.html", context, status=status)
