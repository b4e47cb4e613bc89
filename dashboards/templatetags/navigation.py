"""The header's organization switcher and account menu."""

from typing import Any

from django import template
from django.db.models import QuerySet
from django.template.context import RequestContext

from accounts.models import Membership, Organization, User

register = template.Library()


def organizations_of(user: User) -> QuerySet[Organization]:
    """Return the organizations a person belongs to, by name."""
    mine = Membership.objects.filter(user=user)
    return Organization.objects.filter(memberships__in=mine).order_by("name", "slug")


@register.inclusion_tag("components/navigation.html", takes_context=True)
def site_navigation(context: RequestContext) -> dict[str, Any]:
    """Render the header for the person who asks; nothing is queried for a visitor."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"user": user}
    return {
        "user": user,
        "organization": getattr(request, "organization", None),
        "organizations": organizations_of(user),
        "section": context.get("section", ""),
        "csrf_token": context.get("csrf_token"),
    }
