"""The header's organization switcher and account menu."""

from functools import lru_cache
from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts.organizations import organizations_of

register = template.Library()


@register.inclusion_tag("components/navigation.html", takes_context=True)
def site_navigation(context: RequestContext) -> dict[str, Any]:
    """Render the header for the person who asks; nothing is queried for a visitor."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"user": user}
    organization, language = getattr(request, "organization", None), get_language()
    section = context.get("section", "")
    return {
        "user": user,
        "organization": organization,
        "organizations": organizations_of(user),
        "sections": _sections(organization.slug, section, language) if organization else "",
        "account": _account(language),
        "csrf_token": context.get("csrf_token"),
    }


@lru_cache(maxsize=4_096)
def _sections(slug: str, section: str, _language: str | None) -> SafeString:
    """Return the links to an organization's pages, which are the same for each of its readers."""
    return render_to_string("components/sections.html", {"slug": slug, "section": section})


@lru_cache(maxsize=256)
def _account(_language: str | None) -> SafeString:
    """Return the links of the account menu, which are everyone's."""
    return render_to_string("accounts/menu.html")
