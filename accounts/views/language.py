"""The language that a person reads in, her own choice."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest
from accounts.forms import LanguageForm
from accounts.languages import locale_for


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def language(request: HttpRequest) -> HttpResponse:
    """Show the choice, or keep it and say so in the language chosen."""
    person = cast(SignedInRequest, request).user
    form = LanguageForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/language.html", {"form": form}, status=422 if form.errors else 200)
    form.save()
    with translation.override(locale_for(request)):
        messages.success(request, _("Your language is saved."))
    return redirect("language")
