"""The icons, which are the same wherever they stand."""

from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return one of the icons."""
    return render_to_string(f"components/icons/{name}.html")
