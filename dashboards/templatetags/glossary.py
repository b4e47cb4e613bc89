"""Where the glossary explains the term that a panel shows."""

from typing import Any

from django import template

from dashboards.glossary import TERMS

register = template.Library()
# Two terms with the same words are still two.
NAMES = {id(term): name for name, term in TERMS.items()}


@register.filter
def glossary_anchor(term: Any) -> str:
    """Return the name under which the glossary has a term, nothing for the terms of other pages."""
    return NAMES.get(id(term), "")
