"""Files of the analysis pages and of converted amounts: their rows sum to what the pages show."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from accounts.tenancy import tenant
from metrics import queries
from metrics.core.forecast import averages, forecast
from metrics.exchange.quotes import Quote
from metrics.exchange.storing import reported, store
from metrics.forecasting.loading import history
from metrics.outlook.reading import Wanted, calendar, span_of
from metrics.periods import last_months
from metrics.trials import reading
from metrics.trials.trial import STATES
from tests.dashboards import crawler
from tests.dashboards.exports.conftest import Exporter
from tests.dashboards.exports.test_tables import rows_of, shown, summed

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def rates(exporter: Exporter) -> None:
    """Store rates for every other currency of the organization in the months that the tests ask for."""
    with tenant(exporter.organization.id):
        codes = [one for one in queries.currencies(exporter.organization.id) if one != "eur"]
        days = [date(2026, 1, 1) + timedelta(days=7 * week) for week in range(46)]
        quotes = [Quote("eur", code, on, Decimal("1.0837"), "csv") for code, on in product(codes, days)]
        store(exporter.organization.id, quotes)


@pytest.mark.parametrize("listed", ["moves", "risks"])
@pytest.mark.parametrize("days", [30, 90])
def test_decided_changes_sum_to_the_calendar(exporter: Exporter, listed: str, days: int) -> None:
    rows = rows_of(exporter, "decided_changes", days=str(days), currency="usd")
    chosen = [one for one in rows if one["moves_mrr"] == (listed == "moves")]
    with tenant(exporter.organization.id):
        now = shown(exporter)
        total = calendar(now, "usd").total(Wanted("usd", listed, span=span_of(now.today, days)))
    assert (len(chosen), summed(chosen, "amount_micro")) == (total.count, total.amount_micro)


def test_all_that_committed_mrr_holds_is_among_the_decided_changes(exporter: Exporter) -> None:
    rows = rows_of(exporter, "decided_changes", currency="usd")
    with tenant(exporter.organization.id):
        total = calendar(shown(exporter), "usd").total(Wanted("usd", "committed"))
    assert summed(rows, "committed_micro") == total.amount_micro


def test_the_forecast_is_that_of_the_page(exporter: Exporter) -> None:
    rows = rows_of(exporter, "forecast", currency="usd")
    with tenant(exporter.organization.id):
        past = history(queries.all_months(shown(exporter)), "usd")
    points = forecast(past.months[-1].ending_micro, past.flows[-6:], 12, averages(past.flows[-6:]))
    assert [one["likely_micro"] for one in rows] == [round(one.likely) for one in points[1:]]
    assert all(one["low_micro"] <= one["high_micro"] for one in rows)
    assert [rows[0]["month"], rows[-1]["month"]] == ["2026-11", "2027-10"]


@pytest.mark.parametrize("state", ["", *STATES])
def test_trials_are_those_of_their_list_and_of_their_months(exporter: Exporter, state: str) -> None:
    rows = rows_of(exporter, "trials", currency="usd", state=state)
    months = rows_of(exporter, "trial_months", currency="usd")
    with tenant(exporter.organization.id):
        worth, count = reading.worth(shown(exporter), "usd", None, state)
    assert (summed(rows, "worth_micro"), len(rows)) == (worth, count)
    assert summed(months, state or "started") == count


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize("constant", ["", "1"])
def test_months_in_one_currency_are_those_of_the_page(exporter: Exporter, constant: str) -> None:
    asked = {"in": "eur", "constant": constant, "month": "2026-10", "span": "3"}
    rows = rows_of(exporter, "months", **asked)
    with tenant(exporter.organization.id):
        months, wanted = queries.all_months(shown(exporter)), last_months(OCTOBER, 4)
        found = reported(exporter.organization.id, months, "eur", wanted, constant=bool(constant))
        expected = found.last(3, "eur", until=OCTOBER)
    assert [(one["ending_mrr_micro"], one["exchange_rates_micro"]) for one in rows] == [
        (one.ending_micro, one.currency_micro) for one in expected
    ]


@pytest.mark.usefixtures("rates")
def test_converted_amounts_sum_to_the_month(exporter: Exporter) -> None:
    rows = rows_of(exporter, "converted", month="2026-10", **{"in": "eur"})
    (month,) = rows_of(exporter, "months", month="2026-10", span="1", **{"in": "eur"})
    for figure, column in (("mrr", "ending_mrr"), ("arr", "arr"), ("new", "new_mrr")):
        assert summed(rows, "converted_micro", figure=figure) == month[f"{column}_micro"]
    listed = crawler.rows(exporter.client, "/o/acme/converted/?in=eur&month=2026-10&figure=mrr")
    own = [one["converted_micro"] for one in rows if one["figure"] == "mrr"]
    assert sorted(own) == sorted(listed.amounts)


@pytest.mark.parametrize("table", ["months", "converted"])
def test_a_rate_that_lacks_is_named(exporter: Exporter, table: str) -> None:
    answer = exporter.ask(table, month="2026-10", **{"in": "nok"})
    assert (answer.status_code, "There is no exchange rate from" in answer.content.decode()) == (409, True)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"in": "eur", "currency": "usd"}, 400, "Choose a currency, or all in one currency."),
        ({"constant": "1"}, 400, "Constant rates are for all in one currency"),
        ({"in": "xyz"}, 404, "XYZ is not a currency."),
        ({"in": "eur", "constant": "yes"}, 400, "constant is one of 1."),
    ],
)
def test_what_cannot_be_converted_says_why(
    exporter: Exporter, asked: dict[str, str], status: int, words: str
) -> None:
    answer = exporter.ask("months", **asked)
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
