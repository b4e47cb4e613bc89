"""The buttons that give what a page shows as a file."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.context import RequestContext

from dashboards.exports.offering import chosen
from dashboards.exports.registry import TABLES

register = template.Library()


@register.inclusion_tag("components/export_links.html", takes_context=True)
def export_links(
    context: RequestContext, table: str, parameters: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """Offer a table as CSV and JSON, narrowed by the page's address and by what is told beside it.

    What a file cannot narrow by is said in place of the buttons: it would hold other rows than the page.
    """
    # By its items: as a plain dictionary, an address has a list for each name.
    told = dict((parameters or {}).items()) | {name: str(value) for name, value in more.items() if value}
    # A partial's own context does not reach the request, the tag's does.
    request = context["request"]
    return {
        "table": TABLES[table],
        "parameters": chosen(TABLES[table], told),
        "slug": request.organization.slug,
        "csrf_token": context.get("csrf_token"),
    }
