"""Rows of the table of cohorts: hundreds of cells, so drawn by functions and no template."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dashboards.cohorts import HeatCell, HeatRow
from dashboards.templatetags.opened import opened

register = template.Library()


@register.filter
def heat_line(row: HeatRow) -> SafeString:
    """Return a cohort's row: its name, who joined, what they are worth now, and its months."""
    left = f'<span class="told">{escape(row.left_at_once)}</span>' if row.left_at_once else ""
    cells = "".join([*map(_cell, row.cells), *("<td></td>" for _each in row.missing)])
    return mark_safe(  # noqa: S308 - escaped
        f'<tr><th scope="row">{escape(row.label)}</th>'
        f'<td class="number">{opened(row.joined, row.joined_text)}{left}</td>'
        f'<td class="number">{opened(row.now, row.now_text)}</td>{cells}</tr>'
    )


def _cell(cell: HeatCell) -> str:
    kind = f" heat-{cell.heat}" if cell.heat else ""
    kind += " heat-so-far" if cell.so_far else ""
    detail = f'<span class="told">{escape(cell.detail)}</span>' if cell.detail else ""
    words = escape(_("so far"))
    so_far = f'<span class="visually-hidden">{words}</span>' if cell.so_far else ""
    return f'<td class="number{kind}">{opened(cell.opens, cell.text)}{detail}{so_far}</td>'
