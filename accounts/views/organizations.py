"""Choose an organization, or make one."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import organizations
from accounts.access import SignedInRequest
from accounts.forms import OrganizationForm


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Go to the person's only organization, or let her choose."""
    mine = organizations.organizations_of(cast(SignedInRequest, request).user)
    if len(mine) == 1:
        return redirect("dashboard", mine[0].slug)
    return redirect("all_organizations" if mine else "new_organization")


@require_safe
@login_required
def all_organizations(request: HttpRequest) -> HttpResponse:
    mine = organizations.organizations_of(cast(SignedInRequest, request).user)
    return render(request, "accounts/organizations.html", {"organizations": mine})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_organization(request: HttpRequest) -> HttpResponse:
    form = OrganizationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = organizations.create(
                form.cleaned_data["name"],
                owner=cast(SignedInRequest, request).user,
                time_zone=form.cleaned_data["time_zone"],
            )
        except organizations.OrganizationRefusedError as error:
            form.add_error("name", str(error))
        else:
            return redirect("dashboard", made.slug)
    status = 422 if form.is_bound else 200
    return render(request, "accounts/new_organization.html", {"form": form}, status=status)
