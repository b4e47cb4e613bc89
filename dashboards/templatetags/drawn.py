"""Rows and cells drawn dozens of times a page, so by functions and no template."""

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from dashboards.overview import Row
from dashboards.plans import PlanRow
from dashboards.selection import Choice, Year
from dashboards.templatetags.opened import opened

register = template.Library()


@register.filter
def year_months(year: Year) -> SafeString:
    """Return a year's months of the month picker."""
    return mark_safe("".join(_month(each, year.year) for each in year.months))  # noqa: S308 - escaped


def _month(each: Choice, year: int) -> str:
    if not each.url:
        return f'<li><span aria-hidden="true">{escape(each.label)}</span></li>'
    url, current = escape(each.url), ' aria-current="true"' if each.chosen else ""
    label = f'{escape(each.label)}<span class="visually-hidden">{year}</span>'
    return f'<li><a href="{url}" hx-get="{url}"{current}>{label}</a></li>'


@register.filter
def plan_line(plan: PlanRow) -> SafeString:
    """Return a plan's row: its names over a bar of its share, its MRR and the share."""
    name, detail = escape(plan.name), escape(plan.detail)
    more = f'<span class="mix-detail">{detail}</span>' if detail else ""
    bar = f'<meter class="mix-bar" min="0" max="1000" value="{plan.per_mille}" aria-label="{name} {detail}">'
    names = f'<span class="mix-name">{name}</span>{more} {bar}{escape(plan.share)}</meter>'
    return mark_safe(  # noqa: S308 - escaped
        f'<tr><th scope="row">{names}</th>'
        f'<td class="number">{opened(plan.opens, plan.mrr)}</td>'
        f'<td class="number mix-share">{opened(plan.opens, plan.share)}</td></tr>'
    )


@register.filter
def mrr_line(row: Row) -> SafeString:
    """Return a month's row of the table of MRR."""
    cells = [_cell(row, "mrr", "mrr"), *(_cell(row, name) for name in ("arr", "growth", "customers"))]
    return _line(row, cells)


@register.filter
def waterfall_line(row: Row) -> SafeString:
    """Return a month's row of the waterfall: its starting MRR, its movements, its ending MRR."""
    moved = [_number(opened(one.opens, one.amount), one.kind) for one in row.movements]
    return _line(row, [_cell(row, "starting"), *moved, _cell(row, "mrr", "ending")])


def _line(row: Row, cells: list[str]) -> SafeString:
    url, current = escape(row.url), ' aria-current="true"' if row.chosen else ""
    link = f'<a href="{url}" hx-get="{url}" data-month="{row.key}">{escape(row.label)}</a>'
    return mark_safe(f'<tr{current}><th scope="row">{link}</th>{"".join(cells)}</tr>')  # noqa: S308 - escaped


def _cell(row: Row, figure: str, place: str = "") -> str:
    return _number(opened(row.opens.get(figure), getattr(row, figure)), place)


def _number(content: str, place: str) -> str:
    named = f' data-cell="{place}"' if place else ""
    return f'<td class="number"{named}>{content}</td>'
