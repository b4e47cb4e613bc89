"""What each figure means, beside it: drawn dozens of times a page, so by functions and no template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboards.alerts import Alert
from dashboards.glossary import TERMS, Term
from dashboards.snapshot import Figure
from dashboards.templatetags.icons import icon
from dashboards.templatetags.opened import opened, opening_tag

register = template.Library()
# Two terms with the same words are still two.
NAMES = {id(term): name for name, term in TERMS.items()}


@dataclass(frozen=True, slots=True)
class Defined:
    """A term's name as HTML, the button that stands beside it, and the panel that this opens."""

    label: str
    button: str
    panel: str


@register.simple_tag(takes_context=True)
def defined_column(context: Context, name: str, term: Term) -> SafeString:
    """Return the head of a column that says what it means; `name` is the panel's own."""
    found = meanings(context)(name, term)
    head = f'<span class="defined">\n{found.label}\n{found.button}\n</span>'
    return SafeString(f'<th scope="col" class="number">\n{head}\n{found.panel}\n</th>')


@register.simple_tag(takes_context=True)
def figure_cells(context: Context, figures: Sequence[Figure]) -> SafeString:
    """Return the figures of the snapshot, each with what it means and what it is compared with."""
    meaning = meanings(context)
    return SafeString("\n".join([_figure(each, meaning(each.name, each.term)) for each in figures]))


def _figure(figure: Figure, found: Defined) -> str:
    tone, change = figure.tone, figure.change
    key = f'<span class="key key-{tone}" aria-hidden="true"></span>' if tone else ""
    moved = ""
    if change:
        text = opened(figure.change_opens, change.text)
        moved = f'<span class="change change-{change.tone}">{text}</span>'
    return (
        f'<div class="figure figure-{figure.rank}">\n'
        f'<h2 class="figure-label">\n{key}\n{found.label}\n{found.button}\n</h2>\n{found.panel}\n'
        f'<p class="figure-value" data-figure="{figure.name}">\n{_value(figure)}\n</p>\n'
        f'<p class="figure-before">\n{moved}\n'
        f"<span>{opened(figure.before_opens, figure.before)}</span>\n</p>\n</div>"
    )


def _value(figure: Figure) -> str:
    value, opens = figure.value, figure.opens
    fraction = f'<span class="figure-fraction">{escape(value.fraction)}</span>'
    told = f"{escape(value.before)}{escape(value.whole)}{fraction}{escape(value.after)}"
    return f"{opening_tag(opens)}{told}</a>" if opens else told


@register.simple_tag(takes_context=True)
def alert_cells(context: Context, alerts: Sequence[Alert], place: str) -> SafeString:
    """Return the alert rules, each with how it stands and what it means; `place` tells rows of them apart."""
    meaning = meanings(context)
    return SafeString("\n".join([_alert(each, meaning(each.name + place, each.term)) for each in alerts]))


def _alert(alert: Alert, found: Defined) -> str:
    said, figure = "", alert.figure
    if alert.words:
        told = f"<strong>{opened(alert.opens, figure)}</strong>" if figure else ""
        said = f'\n<p class="alert-words">\n{escape(alert.before)}{told}{escape(alert.words)}\n</p>'
    state = f"{icon(alert.icon)}{escape(alert.state)}"
    return (
        f'<li class="alert alert-{alert.level}" data-alert="{alert.name}" data-level="{alert.level}">\n'
        f'<h3 class="figure-label">\n{found.label}\n{found.button}\n</h3>\n{found.panel}\n'
        f'<p>\n<span class="badge badge-{alert.tone}">{state}</span>\n</p>{said}\n</li>'
    )


def meanings(context: Context) -> Callable[[str, Term], Defined]:
    """Return what tells a term as a page of some organization, or of none, says it, in a panel of its own."""
    organization = getattr(context.get("request"), "organization", None)
    version = getattr(context.get("freshness"), "definition_version", None)
    slug, language = organization.slug if organization else "", get_language()
    return lambda name, term: _drawn(name, NAMES.get(id(term)) or term, version, slug, language)


@lru_cache(maxsize=4_096)
def _drawn(name: str, of: Term | str, version: int | None, slug: str, _language: str | None) -> Defined:
    """Draw a term of the glossary by its name there, which does not change with the language, or another."""
    term = TERMS[of] if isinstance(of, str) else of
    label, formula = escape(str(term.label)), escape(str(term.formula))
    said = [f'<p class="definition-term">{label}</p>', f"<p>{escape(str(term.text))}</p>"]
    said += [f'<p class="definition-formula">{formula}</p>'] if formula else []
    if version:
        words = _("Definition version %(version)s") % {"version": version}
        said.append(f'<p class="small muted">\n{words}\n</p>')
    if slug and isinstance(of, str):
        url, words = f"{reverse('glossary', args=[slug])}#{of}", _("In the glossary, on your numbers")
        said.append(f'<p class="small">\n<a href="{url}">{words}</a>\n</p>')
    means = _("What %(label)s means") % {"label": label}
    place, told = f"definition-{escape(name)}", "\n".join(said)
    return Defined(
        label,
        f'<button class="definition-button" type="button" popovertarget="{place}">\n'
        f'<span class="visually-hidden">{means}</span>\n{icon("question")}\n</button>',
        f'<div class="definition-panel" id="{place}" popover>\n{told}\n</div>',
    )
