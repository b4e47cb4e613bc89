"""Django's tags for words, for addresses and for files, which find each once: none changes as a process runs.

Every template of ours has these `translate`, `url` and `static` and loads none: loading brings Django's.
"""

from functools import cache, lru_cache

from django import template
from django.template.base import FilterExpression, Node, Parser, Token, Variable
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags import i18n
from django.templatetags.static import StaticNode, do_static
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django_htmx import jinja

register = template.Library()
register.tags |= i18n.register.tags
register.filters |= i18n.register.filters


class Words(Node):
    """Words that hold nothing of a page, in each language that was asked for."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.said: dict[str, str] = {}

    def render(self, context: Context) -> str:
        """Return the words in the reader's language."""
        # A region has no words of its own: de-ch reads those of de.
        language = (get_language() or "").partition("-")[0]
        if language not in self.said:
            self.said[language] = self.node.render(context)
        return self.said[language]


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Translate as Django does; what is the same on every page is found once for each language."""
    node = i18n.do_translate(parser, token)
    lasts = node.asvar is None and node.message_context is None and _literal(node.filter_expression)
    return Words(node) if lasts else node


def _literal(expression: FilterExpression) -> bool:
    var = expression.var
    return not expression.filters and isinstance(var, Variable) and isinstance(var.literal, str)


class Address(Node):
    """A page's address by its name and what it is of."""

    def __init__(self, node: URLNode) -> None:
        self.name, self.args = node.view_name, node.args

    def render(self, context: Context) -> SafeString:
        """Return the address as HTML."""
        return address(self.name.resolve(context), *[one.resolve(context) for one in self.args])


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Write an address as Django does; one that keeps it in a variable, or names its parts, is Django's."""
    node = django_url(parser, token)
    return node if node.kwargs or node.asvar else Address(node)


@lru_cache(maxsize=4_096, typed=True)
def address(name: str, *args: object) -> SafeString:
    """Return a page's address as HTML."""
    return SafeString(escape(reverse(name, args=args)))


class File(Node):
    """The address of a file whose name is written in the template."""

    def __init__(self, path: str) -> None:
        self.path = path

    def render(self, context: Context) -> SafeString:
        """Return the address as HTML."""
        return file(self.path)


@register.tag
def static(parser: Parser, token: Token) -> Node:
    """Write a file's address as Django does; a name that a page gives is looked up each time."""
    node = do_static(parser, token)
    return node if node.varname or node.path.is_var else File(node.path.var)


@cache
def file(path: str) -> SafeString:
    """Return a file's address as HTML."""
    return SafeString(escape(StaticNode.handle_simple(path)))


@register.simple_tag
@cache
def htmx_script() -> SafeString:
    """Load htmx as its own tag does."""
    return jinja.htmx_script()
