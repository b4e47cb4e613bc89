"""The header's organization switcher and account menu."""

from typing import Any

from django import template
from django.template.context import RequestContext

from accounts.organizations import organizations_of

register = template.Library()


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
