"""The tabs above every audit page."""

from typing import Any

from django import template
from django.template.context import RequestContext

from dashboards.audit_tabs import TABS

register = template.Library()


@register.inclusion_tag("components/audit_tabs.html", takes_context=True)
def audit_tabs(context: RequestContext, current: str) -> dict[str, Any]:
    """Render the tabs with one open, named as its address is."""
    return {"slug": context["request"].organization.slug, "tabs": TABS, "current": current}
