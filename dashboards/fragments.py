"""One address serves a page and its fragment; the server alone chooses which."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from accounts.access import OrganizationRequest


def render_page(
    request: OrganizationRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render the template, or only its `content` for htmx; a restored history gets the whole page."""
    fragment = bool(request.htmx) and not request.htmx.history_restore_request
    name = f"{template}#content" if fragment else template
    response = render(request, name, {**context, "fragment": fragment}, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-History-Restore-Request"])
    return response
