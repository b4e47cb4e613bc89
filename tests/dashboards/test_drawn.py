"""What functions draw in a template's place: names as text, what is chosen, each reader's meanings."""

import re
from datetime import date

from django.template import Context
from django.test import RequestFactory
from django.utils.translation import override

from accounts.models import Organization
from dashboards.glossary import TERMS
from dashboards.overview import Cell, Row
from dashboards.plans import PlanRow
from dashboards.selection import Choice, Selection
from dashboards.templatetags.defined import meanings
from dashboards.templatetags.drawn import (
    choice_links,
    legend,
    month_panel,
    month_step,
    number_heads,
    plan_lines,
    waterfall_lines,
)
from metrics.queries import Freshness

ODD, WRITTEN = '<b id="x">&', "&lt;b id=&quot;x&quot;&gt;&amp;"
OCTOBER = Selection(date(2026, 10, 1), "usd", 12, first=date(2026, 1, 1), present=date(2026, 11, 1))


def panel(slug: str, version: int, language: str) -> str:
    """Return what MRR means on a page of an organization."""
    request = RequestFactory().get("/")
    request.organization = Organization(slug=slug)  # type: ignore[attr-defined]
    context = Context({"request": request, "freshness": Freshness(definition_version=version)})
    with override(language):
        return meanings(context)("mrr", TERMS["mrr"]).panel


def test_whatever_is_called_oddly_is_written_as_text() -> None:
    drawn = {
        "choices": choice_links([Choice(ODD, ODD, f"?{ODD}")], "currency"),
        "step": month_step(Choice("", ODD, f"?{ODD}"), "left", "previous"),
        "legend": legend([{"tone": "new", "name": ODD}]),
        "heads": number_heads([ODD]),
        "plans": plan_lines([PlanRow(ODD, ODD, ODD, ODD, 1)]),
        "months": waterfall_lines([Row("2026-10", ODD, f"?{ODD}", False, [], [Cell("", ODD, None)])]),
    }
    assert not [place for place, html in drawn.items() if ODD in html]
    assert {place: html.count(WRITTEN) for place, html in drawn.items()} == {
        "choices": 4, "step": 3, "legend": 1, "heads": 1, "plans": 7, "months": 4,
    }  # fmt: skip


def test_a_plan_s_bar_is_as_long_as_its_share() -> None:
    assert 'min="0" max="1000" value="364"' in plan_lines([PlanRow("Scale", "", "$75,945", "36.4%", 364)])


def test_what_is_chosen_alone_is_marked() -> None:
    chosen = re.compile(r'<(?:a|tr)[^>]* aria-current="true"[^>]*>(?:<th scope="row"><a [^>]*>)?(\w+)')
    currencies = [Choice("eur", "EUR", "?currency=eur"), Choice("usd", "USD", "?currency=usd", chosen=True)]
    assert chosen.findall(choice_links(currencies, "currency")) == ["USD"]
    rows = [Row("2026-09", "September", "?", False, [], []), Row("2026-10", "October", "?", True, [], [])]
    assert chosen.findall(waterfall_lines(rows)) == ["October"]
    assert chosen.findall(month_panel(OCTOBER)) == ["Oct"]


def test_months_are_picked_in_each_reader_s_language() -> None:
    found = []
    for language in ("en", "de", "en"):
        with override(language):
            found.append(re.findall(r"<a [^>]*>(\w+)", month_panel(OCTOBER)))
    assert [months[:5] for months in found[:2]] == [
        ["Jan", "Feb", "Mar", "Apr", "May"],
        ["Jan", "Feb", "Mär", "Apr", "Mai"],
    ]
    assert found[2] == found[0]


def test_steps_lead_back_and_on() -> None:
    step = Choice("2026-09", "September 2026", "?month=2026-09")
    assert 'rel="prev"' in month_step(step, "left", "previous")
    assert 'rel="next"' in month_step(step, "right", "next")
    assert "<a" not in month_step(None, "right", "next")


def test_a_meaning_is_that_of_its_organization_its_version_and_its_reader() -> None:
    words = {"en": "In the glossary, on your numbers", "de": "Im Glossar, mit Ihren Zahlen"}
    asked = [(slug, version, language) for slug in ("one", "two") for version in (1, 2) for language in words]
    for slug, version, language in [*asked, *asked]:
        told = panel(slug, version, language)
        assert f'<a href="/o/{slug}/analysis/glossary/#mrr">{words[language]}</a>' in told
        assert f" {version}\n</p>" in told
