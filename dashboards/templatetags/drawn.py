"""Rows and cells drawn dozens of times a page, so by functions and no template."""

from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from dashboards.links import Link
from dashboards.overview import Cell, Row
from dashboards.plans import PlanRow
from dashboards.selection import Choice, Selection, Year, years
from dashboards.templatetags.icons import icon
from dashboards.templatetags.opened import opening_tag

register = template.Library()


@register.filter
def choice_links(offered: list[Choice], kind: str) -> SafeString:
    """Return what can be chosen as links, whose ids begin with what it is."""
    return mark_safe("\n".join([_choice(each, kind) for each in offered]))  # noqa: S308 - escaped


def _choice(each: Choice, kind: str) -> str:
    url, current = escape(each.url), ' aria-current="true"' if each.chosen else ""
    return (
        f'<a id="{kind}-{escape(each.value)}" href="{url}" hx-get="{url}"{current}>{escape(each.label)}</a>'
    )


@register.simple_tag
def month_step(step: Choice | None, icon_name: str, id: str) -> SafeString:
    """Return the link to the month before or after, an empty place where there is none."""
    drawn = icon(icon_name)
    if step is None:
        return SafeString(f'<span class="month-step month-step-none" aria-hidden="true">\n{drawn}\n</span>')
    url, rel = escape(step.url), "prev" if icon_name == "left" else "next"
    label = f'<span class="visually-hidden">{escape(step.label)}</span>'
    link = f'<a class="month-step" id="{id}" href="{url}" hx-get="{url}" rel="{rel}">'
    return SafeString(f"{link}\n{label}\n{drawn}\n</a>")


@register.simple_tag
def month_panel(selection: Selection) -> SafeString:
    """Return the months of the month picker, year by year."""
    return _panel(selection, get_language())


@lru_cache(maxsize=256)
def _panel(selection: Selection, _language: str | None) -> SafeString:
    return SafeString("\n".join([_year(each) for each in years(selection)]))


def _year(one: Year) -> str:
    year, months = one.year, "".join([_month(each, one.year) for each in one.months])
    head = f'<h2 id="year-{year}">{year}</h2>'
    return (
        f'<section class="month-year" aria-labelledby="year-{year}">\n{head}\n<ul>{months}</ul>\n</section>'
    )


def _month(each: Choice, year: int) -> str:
    if not each.url:
        return f'<li><span aria-hidden="true">{escape(each.label)}</span></li>'
    url, current = escape(each.url), ' aria-current="true"' if each.chosen else ""
    label = f'{escape(each.label)}<span class="visually-hidden">{year}</span>'
    return f'<li><a href="{url}" hx-get="{url}"{current}>{label}</a></li>'


@register.filter
def legend(series: list[dict[str, Any]]) -> SafeString:
    """Return what each colour of a chart stands for."""
    return mark_safe("\n".join([_key(each["tone"], each["name"]) for each in series]))  # noqa: S308 - escaped


def _key(tone: str, name: str) -> str:
    return f'<li>\n<span class="key key-{tone}" aria-hidden="true"></span>{escape(name)}\n</li>'


@register.filter
def number_heads(labels: list[str]) -> SafeString:
    """Return the heads of columns of numbers."""
    heads = [f'<th scope="col" class="number">{escape(str(each))}</th>' for each in labels]
    return mark_safe("".join(heads))  # noqa: S308 - escaped


@register.filter
def plan_lines(plans: list[PlanRow]) -> SafeString:
    """Return plans as rows: their names over a bar of their share, their MRR and the share."""
    return mark_safe("\n".join([_plan(each) for each in plans]))  # noqa: S308 - escaped


def _plan(plan: PlanRow) -> str:
    name, detail, share = escape(plan.name), escape(plan.detail), escape(plan.share)
    more = f'<span class="mix-detail">{detail}</span>' if detail else ""
    bar = f'<meter class="mix-bar" min="0" max="1000" value="{plan.per_mille}" aria-label="{name} {detail}">'
    opens, closes = (opening_tag(plan.opens), "</a>") if plan.opens else ("", "")
    return (
        f'<tr><th scope="row"><span class="mix-name">{name}</span>{more} {bar}{share}</meter></th>'
        f'<td class="number">{opens}{escape(plan.mrr)}{closes}</td>'
        f'<td class="number mix-share">{opens}{share}{closes}</td></tr>'
    )


@register.filter
def mrr_lines(rows: list[Row]) -> SafeString:
    """Return months as rows of the table of MRR."""
    return _lines([(row, row.ends) for row in rows])


@register.filter
def waterfall_lines(rows: list[Row]) -> SafeString:
    """Return months as rows of the waterfall."""
    return _lines([(row, row.flow) for row in rows])


def _lines(rows: list[tuple[Row, list[Cell]]]) -> SafeString:
    return mark_safe("\n".join([_line(row, cells) for row, cells in rows]))  # noqa: S308 - escaped


def _line(row: Row, cells: list[Cell]) -> str:
    url, current = escape(row.url), ' aria-current="true"' if row.chosen else ""
    link = f'<a href="{url}" hx-get="{url}" data-month="{row.key}">{escape(row.label)}</a>'
    drawn = "".join([_cell(place, text, opens) for place, text, opens in cells])
    return f'<tr{current}><th scope="row">{link}</th>{drawn}</tr>'


def _cell(place: str, text: str, opens: Link | None) -> str:
    named = f' data-cell="{place}"' if place else ""
    told = f"{opening_tag(opens)}{escape(text)}</a>" if opens else escape(text)
    return f'<td class="number"{named}>{told}</td>'
