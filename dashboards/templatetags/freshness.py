"""The line that every page of an organization ends with: until when its data reach."""

from typing import Any

from django import template
from django.template.context import RequestContext

from billing_sync import health
from billing_sync.health import Health
from dashboards.health_words import BADGES

register = template.Library()


@register.inclusion_tag("components/data_through.html", takes_context=True)
def data_through(context: RequestContext) -> dict[str, Any]:
    """Render the line; a view that knows how its connections stand gives them as `standings`."""
    organization = getattr(context.get("request"), "organization", None)
    if organization is None:
        return {"organization": None}
    standings = context.get("standings")
    if standings is None:
        standings = health.standings(organization.id)
    worst = health.worst(standings)
    return {
        "organization": organization,
        "connected": bool(standings),
        "through": health.data_through(standings),
        "time_zone": organization.time_zone,
        "label": "" if worst == Health.FRESH else worst.label,
        "badge": BADGES.get(worst, ""),
    }
