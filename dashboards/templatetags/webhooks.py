"""What the list of connections says about webhooks."""

from typing import Any

from django import template
from django.template.context import Context

register = template.Library()


@register.inclusion_tag("connections/webhooks.html", takes_context=True)
def webhooks_of(context: Context, connection: Any) -> dict[str, Any]:
    """Show how the webhooks of one connection stand; nothing where it is not followed."""
    return {
        "request": context["request"],
        "connection": connection,
        "webhook": context["webhooks"].get(connection.id),
        "may_connect": context["may_connect"],
    }
