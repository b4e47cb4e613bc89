"""Several currencies as one waterfall: the identity holds to the micro unit, whatever the rates."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.exchange.converting import Exchange, Reported, closing_day, shared
from metrics.exchange.quotes import MissingRateError, Quote, Quotes
from metrics.flows import FLOWS, NOTHING
from metrics.model import waterfall
from metrics.months import Months
from metrics.periods import last_months

TODAY = date(2026, 6, 17)
MONTHS = last_months(TODAY, 6)
DAYS = [closing_day(month, TODAY) for month in last_months(TODAY, 7)]
CURRENCIES = ("eur", "jpy", "kwd", "usd")
EURO = 100_000_000
micro = st.integers(0, 10**13)


def months(**flows: dict[int, dict[str, int]]) -> Months:
    """Return months given by currency and number of the year's month."""
    return Months(
        TODAY,
        {
            code: {date(2026, at, 1): {**NOTHING, **row} for at, row in some.items()}
            for code, some in flows.items()
        },
    )


def quotes(*rates: tuple[str, str, date, str]) -> Quotes:
    return Quotes.of(Quote(base, quote, on, Decimal(rate), "csv") for base, quote, on, rate in rates)


@st.composite
def businesses(draw: st.DrawFn) -> Reported:
    """Draw months of several currencies, whose balances stay at 0 or above, and a rate for every day."""
    flows: dict[str, dict[date, dict[str, int]]] = {}
    for code in draw(st.sets(st.sampled_from(CURRENCIES), min_size=1)):
        mrr, flows[code] = 0, {}
        for month in draw(st.sets(st.sampled_from(MONTHS), min_size=1)):
            flows[code][month] = dict.fromkeys(FLOWS, 0)
        for month in sorted(flows[code]):
            up = {name: draw(micro) for name in ("new_micro", "expansion_micro", "reactivation_micro")}
            mrr += sum(up.values())
            down = {"churn_micro": draw(st.integers(0, mrr))}
            mrr -= down["churn_micro"]
            flows[code][month] |= up | down
    rate = st.decimals("0.0001", "10000", places=4).map(str)
    rates = [("eur", code, day, draw(rate)) for code in CURRENCIES[1:] for day in DAYS]
    constant = draw(st.sampled_from([None, *MONTHS]))
    to = draw(st.sampled_from(CURRENCIES))
    return Reported(Months(TODAY, flows), Exchange(to, quotes(*rates), TODAY, constant))


@given(businesses())
def test_every_month_adds_up_to_the_micro_unit_and_starts_where_the_last_ended(business: Reported) -> None:
    read = business.last(6, "")
    assert [waterfall(month).residual for month in read] == [0] * 6
    for before, after in pairwise(read):
        assert (after.starting_micro, after.customers_start) == (before.ending_micro, before.customers_end)
    assert business.last(2, "", until=read[3].month) == read[2:4] or business.exchange.constant


@given(businesses())
def test_constant_rates_leave_no_row_for_the_currency(business: Reported) -> None:
    if business.exchange.constant:
        assert {month.currency_micro for month in business.last(6, "")} == {0}
    else:
        own = business.months.flows.keys() <= {business.exchange.to}
        assert not own or {month.currency_micro for month in business.last(6, "")} == {0}


@given(businesses())
def test_one_month_without_movements_moves_by_the_rates_alone(business: Reported) -> None:
    quiet = [
        month
        for month in business.last(6, "")
        if not any(month.month in flows for flows in business.months.flows.values())
    ]
    for month in quiet:
        flow = waterfall(month)
        assert (flow.won, flow.lost) == (0, 0)
        assert flow.exchange == flow.ending - flow.starting


def test_movements_take_the_opening_rate_and_balances_the_closing_one() -> None:
    business = months(
        usd={4: {"new_micro": 100 * EURO}, 5: {"expansion_micro": 10 * EURO}},
        eur={5: {"new_micro": 7 * EURO}},
    )
    rates = [("usd", "eur", date(2026, 3, 31), "0.5"), ("usd", "eur", date(2026, 4, 30), "0.8")]
    exchange = Exchange("eur", quotes(*rates, ("usd", "eur", date(2026, 5, 29), "0.9")), TODAY)
    april, may = Reported(business, exchange).last(2, "", until=date(2026, 5, 1))
    assert (april.new_micro, april.currency_micro, april.ending_micro) == (50 * EURO, 30 * EURO, 80 * EURO)
    assert (may.starting_micro, may.expansion_micro, may.new_micro) == (80 * EURO, 8 * EURO, 7 * EURO)
    assert (may.currency_micro, may.ending_micro, may.currency) == (11 * EURO, 106 * EURO, "eur")


def test_the_month_in_progress_closes_with_todays_rate() -> None:
    business = months(usd={5: {"new_micro": EURO}})
    rates = [("usd", "eur", on, rate) for on, rate in ((date(2026, 5, 31), "0.5"), (date(2026, 6, 16), "2"))]
    june = Reported(business, Exchange("eur", quotes(*rates), TODAY)).last(1, "")[0]
    assert (june.starting_micro, june.ending_micro) == (EURO // 2, 2 * EURO)


def test_currencies_without_decimals_keep_their_worth() -> None:
    business = months(jpy={5: {"new_micro": 3_300 * 1_000_000}})
    exchange = Exchange("eur", quotes(("eur", "jpy", date(2026, 5, 31), "165")), TODAY, date(2026, 5, 1))
    assert Reported(business, exchange).last(1, "", until=date(2026, 5, 1))[0].ending_micro == 20 * EURO


def test_only_months_with_amounts_need_rates_and_a_missing_one_is_named() -> None:
    business = months(usd={5: {"new_micro": EURO}})
    rates = quotes(("usd", "eur", date(2026, 4, 30), "0.5"))
    reported = Reported(business, Exchange("eur", rates, TODAY))
    assert [month.ending_micro for month in reported.last(4, "", until=date(2026, 4, 1))] == [0] * 4
    with pytest.raises(MissingRateError, match="from USD to EUR for 31 May 2026"):
        reported.last(1, "", until=date(2026, 5, 1))
    assert [one.day for one in reported.missing(MONTHS)] == [date(2026, 5, 31)]


def test_the_rates_used_are_told_by_month_and_currency() -> None:
    business = months(usd={5: {"new_micro": EURO}}, eur={4: {"new_micro": EURO}})
    rates = [("usd", "eur", on, "0.5") for on in (date(2026, 4, 30), date(2026, 5, 31), TODAY)]
    reported = Reported(business, Exchange("eur", quotes(*rates), TODAY))
    used = reported.used(MONTHS)
    assert [(one.month.month, one.opening is not None, one.closing is not None) for one in used] == [
        (5, True, True),
        (6, True, True),
    ]
    held = Reported(business, Exchange("eur", quotes(*rates), TODAY, date(2026, 5, 1)))
    assert [(one.opening, one.closing and one.closing.on) for one in held.used(MONTHS)] == [
        (None, date(2026, 5, 31))
    ]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=9))
def test_plans_share_a_balance_to_the_micro_unit(amounts: list[int]) -> None:
    rate = quotes(("usd", "eur", TODAY, "0.9137")).rate("usd", "eur", TODAY)
    whole = round(sum(amounts) * rate.value)
    parts = shared([(amount, rate) for amount in amounts], whole)
    assert sum(parts) == whole
    assert all(
        abs(part - amount * rate.value) <= len(amounts) for part, amount in zip(parts, amounts, strict=True)
    )
