"""Bands and benchmarks: own figures reckoned again, published ones with their sources, no verdict on few."""

import re
from fractions import Fraction
from html import unescape
from math import prod

import pytest

from billing_sync.sandbox.truth import totals
from config.clock import set_now
from dashboards import benchmarks
from dashboards.benchmarks_by_tier import BENCHMARKS, MEASURES, MILLION, STATISTICS
from tests.dashboards.analysis.conftest import ZONE, Business
from tests.dashboards.crawler import held_against_its_rows, numbers, page
from tests.dashboards.test_statements import statements
from tests.metrics.conftest import NOW

URL = "/o/acme/analysis/benchmarks/"


def told(html: str, label: str) -> str:
    found = re.search(rf"<dt>{label}</dt>\s*<dd>(.*?)</dd>", html, re.DOTALL)
    assert found, label
    return unescape(re.sub(r"<[^>]*>", "", found[1])).strip()


def test_own_figures_over_a_year_are_what_the_truth_comes_to(business: Business) -> None:
    with set_now(NOW):
        html = page(business.owner.client, f"{URL}?currency=usd")
    known = totals(business.company, ZONE, "day")["usd"]
    last = [key for key in sorted(known) if key < f"{NOW:%Y-%m}"][-13:]
    year = [known[key] for key in last[1:]]
    lost = [one["contraction"] + one["churn"] for one in year]
    kept = prod(
        Fraction(one["starting"] + one["expansion"] - gone, one["starting"])
        for one, gone in zip(year, lost, strict=True)
    )
    gross = prod(
        Fraction(one["starting"] - gone, one["starting"]) for one, gone in zip(year, lost, strict=True)
    )
    wanted = {
        "Growth over a year": Fraction(known[last[-1]]["ending"], known[last[0]]["ending"]) - 1,
        "Net revenue retention over a year": kept,
        "Gross revenue retention over a year": gross,
        "Gross revenue churn over a year": 1 - gross,
    }
    for label, rate in wanted.items():
        assert told(html, label) == f"{round(rate * 1000) / 10:,.1f}%".replace("-", "−")


def test_every_number_of_one_s_own_opens_its_rows(business: Business) -> None:
    with set_now(NOW):
        found = numbers(page(business.owner.client, f"{URL}?currency=usd"))
        assert len(found) > 40
        opened = [held_against_its_rows(business.owner.client, one) for one in [*found[:7], *found[7::6]]]
    assert any(one.amounts for one in opened)


def test_every_published_figure_names_its_source_and_year(business: Business) -> None:
    with set_now(NOW):
        html = page(business.owner.client, URL)
    for one in BENCHMARKS:
        assert one.source.address in html
        assert one.source.address.startswith("https://")
        assert 2015 < one.source.year <= NOW.year
        assert one.measure in MEASURES
        assert one.statistic in STATISTICS
    assert html.count('rel="noreferrer nofollow"') == len(BENCHMARKS)


def test_a_tier_covers_its_low_end_and_not_its_high_end() -> None:
    medians = [one for one in BENCHMARKS if one.source.year == 2022 and one.statistic == "median"]
    growth = [one for one in medians if one.measure == "growth"]
    for arr in (0, 1, MILLION - 1, MILLION, 3 * MILLION, 19_999_999, 20 * MILLION, 10**12):
        assert len([one for one in growth if one.covers(Fraction(arr))]) == 1


def test_fewer_than_thirty_customers_are_told_no_verdict(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    with set_now(NOW):
        assert "your size" in page(business.owner.client, f"{URL}?currency=usd")
        monkeypatch.setattr(benchmarks, "FEW", 1_000_000)
        html = page(business.owner.client, f"{URL}?currency=usd")
    assert "your size" not in html
    assert "Too few to say" in html
    assert "too few to say" in html
    assert not re.search(r">\s*(?:exceptional|strong|solid|fair|needs attention): [^<·]*</td>", html)


def test_the_page_asks_little_and_names_an_unknown_currency(business: Business) -> None:
    with set_now(NOW):
        assert len(statements(business.owner, URL)) <= 12
        assert business.owner.client.get(f"{URL}?currency=chf").status_code == 404
