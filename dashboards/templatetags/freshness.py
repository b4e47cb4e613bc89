"""The line that every page of an organization ends with: until when its data reach."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import RequestContext
from django.utils.translation import gettext as _

from billing_sync import health
from billing_sync.health import Health
from config import dates
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
        "text": _words(health.data_through(standings), organization.time_zone) if standings else "",
        "label": "" if worst == Health.FRESH else worst.label,
        "badge": BADGES.get(worst, ""),
    }


def _words(through: datetime | None, zone: str) -> str:
    if through is None:
        return _("No data yet")
    local = through.astimezone(ZoneInfo(zone))
    words = {"time": dates.time_of_day(local), "day": dates.long_day(local), "zone": zone}
    return _("Data through %(time)s, %(day)s (%(zone)s)") % words
