"""A person deletes her own account."""

from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import SignedInRequest, confirmed
from accounts.forms import TypedForm
from accounts.privacy import people


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@confirmed
def account_deletion(request: HttpRequest) -> HttpResponse:
    """Delete the account of who is signed in once her address is typed, unless others need it first."""
    user = cast(SignedInRequest, request).user
    label = _("Type %(email)s to delete it") % {"email": user.email}
    form = TypedForm(request.POST or None, wanted=user.email, label=label)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            people.delete_account(user)
        except people.AccountRefusedError:
            status = 409
        else:
            logout(request)
            messages.success(request, _("Your account is deleted."))
            response = redirect("account_login")
            response["Clear-Site-Data"] = '"cache"'
            return response
    context = {"form": form, "owned": people.only_owner_of(user)}
    return render(request, "accounts/deletion.html", context, status=422 if form.errors else status)
